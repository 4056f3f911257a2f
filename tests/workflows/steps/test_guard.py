"""Workflow parameters in, a verdict and the names of the images out."""

import json
from pathlib import Path
from typing import Any

import pytest

from models.contract.params import Param
from models.contract.rules import fits
from models.contract.spec import read_all
from tests.models.contract.param_cases import CASES, CHOICES, VALUES
from workflows.parts import parameters
from workflows.parts.steps import guard

UNITS = {unit.name: unit for unit in read_all()}
DATASET = parameters.dataset([UNITS["sk_mnist"], UNITS["tf_mnist"]])
ARMS = [parameters.arm(name, "sk_mnist", [UNITS["sk_mnist"], UNITS["tf_mnist"]]) for name in "ab"]
KNOWN = (*parameters.SOURCE, parameters.RATIO, *DATASET)
RULES = {p.name: dict(p.rule) for p in KNOWN}
GOOD = {p.name: p.value for p in KNOWN}


def environ(values: dict[str, Any], outputs: Path, images: str = "") -> dict[str, str]:
    listed = [{"name": name, "value": value} for name, value in values.items()]
    return {
        "PARAMETERS": json.dumps(listed),
        "RULES": json.dumps(RULES),
        "IMAGES": images,
        "OUTPUTS": str(outputs),
    }


def told(values: dict[str, Any]) -> list[str]:
    return guard.faults([{"name": name, "value": value} for name, value in values.items()], RULES)


def test_good_values_pass_and_name_the_images(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The defaults are right; each image is named by registry and version in a file without a line end."""
    guard.main(environ(GOOD, tmp_path / "out", "sk-mnist-trainer sk-mnist-runtime"))
    written = {path.name: path.read_text() for path in (tmp_path / "out").iterdir()}
    assert written == {
        f"sk-mnist-{target}": f"registry.example.com/argolane/sk-mnist-{target}:0.1"
        for target in ("trainer", "runtime")
    }
    assert "version = 0.1\n" in capsys.readouterr().out


def test_all_faults_at_once_and_nothing_written(tmp_path: Path) -> None:
    """Wrong values, an unknown name and a missing one are told together, and no image is named."""
    bad = {**GOOD, "build": "True", "ratio": "1.5", "buidl": "true", "zzz": ""}
    del bad["dataset"]
    with pytest.raises(SystemExit) as error:
        guard.main(environ(bad, tmp_path / "out", "x"))
    assert str(error.value).splitlines() == [
        "No parameter 'buidl'. Did you mean 'build'?",
        "No parameter 'zzz'. There are: build, builder, dataset, ratio, registry, repo, revision, version.",
        "Parameter 'build' is 'True'; expected one of true, false.",
        "Parameter 'ratio' is '1.5'; expected a number from 0 to 1.",
        "Parameter 'dataset' has no value.",
    ]
    assert not (tmp_path / "out").exists()


ACCEPTED = {
    "version": ["0.1", "1", "v1.2.3", "a_b-c.d", "2026-11-21", "1e3", "true", "x" * 63],
    "registry": [
        "docker.io/user",
        "user",
        "registry.lab:5000/argolane",
        "ghcr.io/a/b-c/d__e",
        "10.0.0.1:5000",
        "localhost:5000",
    ],
    "repo": [
        "https://github.com/a/b.git",
        "git://git.lab/argolane.git",
        "ssh://git@host:22/a/b",
        "git@github.com:a/b.git",
        "http://host/~me/x",
    ],
    "revision": ["main", "feature/x", "v1.0", "0123456789abcdef0123456789abcdef01234567", "1e3", "a+b"],
    "ratio": ["0", "1", "0.5", ".5", "1.", "5e-1", "+0.3"],
    "build": ["true", "false"],
    "builder": ["dind", "none"],
    "dataset": ["auto", "mnist", "digits"],
}
REFUSED = {
    "version": [
        "",
        " ",
        ".1",
        "-1",
        "1.",
        "a/b",
        "..",
        "a:b",
        "a b",
        "a\nb",
        "1\n",
        "ä",
        "x" * 64,
        "$(id)",
        "{{x}}",
    ],
    "registry": [
        "",
        "https://x",
        "x/",
        "/x",
        "X",
        "x//y",
        "x:y",
        "a b",
        "x@y",
        "x/y:1",
        "x\n",
        "-x",
        "{{y}}",
    ],
    "repo": [
        "",
        "x",
        "file:///etc",
        "-oProxyCommand=x",
        "https://x y",
        "https://x'",
        'https://"',
        "ext::sh -c id",
    ],
    "revision": ["", "-b", "--upload-pack=x", "a b", "a'b", "a$b", "a\n", "/a", ".", "a:b", "a~1", "a^"],
    "ratio": ["", "-0.1", "1.01", "nan", "inf", "half", "0,5", "0x1", "1_0", " 0.5", "0.5\n", "1e", "{{x}}"],
    "build": ["", "True", "TRUE", "yes", "1", "true ", "false\n"],
    "builder": ["", "Dind", "kaniko", "none "],
    "dataset": ["", "Mnist", "mnist-t10k", "../x"],
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(name: str) -> None:
    """Values in use somewhere are right."""
    for value in ACCEPTED[name]:
        assert not told({**GOOD, name: value}), value


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    """Values that are no image tag, label, address or number, or that a shell could take apart, are not."""
    for value in REFUSED[name]:
        (fault,) = told({**GOOD, name: value})
        assert fault.startswith(f"Parameter {name!r} is {value!r}; expected ")


@pytest.mark.parametrize("value", [None, "absent"])
def test_a_parameter_without_value_is_a_fault(value: str | None) -> None:
    """A parameter that has a name only, as Argo lists it, is told of."""
    listed: list[dict[str, Any]] = [{"name": n, "value": v} for n, v in GOOD.items() if n != "ratio"]
    listed.append({"name": "ratio", "value": None} if value is None else {"name": "ratio"})
    assert guard.faults(listed, RULES) == ["Parameter 'ratio' has no value."]


@pytest.mark.parametrize(("kind", "text", "taken"), CASES)
def test_guard_and_trainer_take_the_same(kind: Any, text: str, taken: bool) -> None:
    """A param has one rule: what the guard lets through is what the trainer's command line reads."""
    choices = CHOICES if kind == "choice" else ()
    param = Param(type=kind, value=VALUES[kind], description="-", choices=choices)
    rules = {"x": json.loads(json.dumps(param.rule))}
    assert (not guard.faults([{"name": "x", "value": text}], rules)) is taken
    if taken:
        param.parse(text)
    else:
        with pytest.raises(ValueError, match="expected"):
            param.parse(text)


def test_bounds_hold_on_both_sides_and_alone() -> None:
    """low and high are part of the range, and each may be given without the other."""
    assert [fits(v, {"type": "int", "low": 1, "high": 3}) for v in "01234"] == [
        False, True, True, True, False
    ]  # fmt: skip
    assert [fits(v, {"type": "int", "low": 2}) for v in "123"] == [False, True, True]
    assert [fits(v, {"type": "float", "high": 2}) for v in "123"] == [True, True, False]


@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
def test_every_unit_passes_its_own_defaults(unit: Any) -> None:
    """The rule made of a param in model.yaml takes the value that stands beside it."""
    for param in parameters.of_unit(unit).values():
        assert fits(param.value, json.loads(json.dumps(param.rule))), param.name


def chosen(a: str, b: str) -> dict[str, str]:
    units = {name: {"folder": f"x/{name}", "image": f"{name}-runtime", "loads": name} for name in UNITS}
    return dict(guard.arms({"a": a, "b": b, "version": "0.1", "registry": "r"}, {"a": units, "b": units}))


def test_two_units_are_the_arms_of_an_ab_test() -> None:
    """Each arm is a unit, of the version of all where it has none of its own, on the node of its name."""
    assert chosen("sk_mnist", "tf_mnist:0.3") == {
        "a-node": "sk-mnist",
        "a-unit": "sk_mnist",
        "a-version": "0.1",
        "a-folder": "x/sk_mnist",
        "a-image": "r/sk_mnist-runtime:0.1",
        "b-node": "tf-mnist",
        "b-unit": "tf_mnist",
        "b-version": "0.3",
        "b-folder": "x/tf_mnist",
        "b-image": "r/tf_mnist-runtime:0.3",
    }


def test_two_versions_of_one_unit_are_two_nodes() -> None:
    """The arms' names keep the nodes apart, and each has its version."""
    told = chosen("sk_mnist:0.1", "sk_mnist:0.2")
    assert (told["a-node"], told["b-node"]) == ("sk-mnist-a", "sk-mnist-b")
    assert (told["a-version"], told["b-version"]) == ("0.1", "0.2")


@pytest.mark.parametrize(
    "value", ["", "sk_mnist:", "sk-mnist", "wine", "sk_mnist:0.1:2", "sk_mnist:.1", "sk_mnist:a b", ":0.1"]
)
def test_an_arm_is_a_unit_that_answers_the_question(value: str) -> None:
    """Another unit, a version that is no image tag, or a colon with nothing after it is refused."""
    rules = {arm.name: dict(arm.rule) for arm in ARMS}
    (fault,) = guard.faults([{"name": "a", "value": value}, {"name": "b", "value": "tf_mnist:0.2"}], rules)
    assert fault == (
        f"Parameter 'a' is {value!r}; expected sk_mnist or tf_mnist, alone or with a version, "
        "such as sk_mnist:0.1."
    )


def test_what_is_known_of_the_arms_is_given_on(tmp_path: Path) -> None:
    """The guard writes a file for each thing that later tasks ask of an arm."""
    units = {"sk_mnist": {"folder": "sk_mnist", "image": "sk-mnist-runtime", "loads": "sk_mnist"}}
    given = environ({**GOOD, "a": "sk_mnist:0.2"}, tmp_path / "out")
    rules = {**RULES, "a": dict(ARMS[0].rule)}
    guard.main({**given, "RULES": json.dumps(rules), "ARMS": json.dumps({"a": units})})
    assert (tmp_path / "out/a-image").read_text() == "registry.example.com/argolane/sk-mnist-runtime:0.2"
