"""Workflow parameters in, a verdict and the names of the images out."""

import json
from pathlib import Path
from typing import Any

import pytest

from models.spec import read_all
from workflows.parts import parameters
from workflows.parts.steps import guard

RULES = {p.name: dict(p.rule) for p in (*parameters.SOURCE, parameters.RATIO, parameters.DATASET)}
GOOD = {p.name: p.value for p in (*parameters.SOURCE, parameters.RATIO, parameters.DATASET)}


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


TYPED: dict[str, tuple[list[str], list[str]]] = {
    "int": (["0", "-5", "+7", "123456789012345678"], ["", "1.0", "1e3", "0x1", "1_000", " 1", "\u0663"]),
    "float": (["0", "-1.5", "1e-3", ".5", "2."], ["", "nan", "inf", "1,5", "1e9999", "e5", "\u0663.5"]),
    "str": (["", "any text", "ä", "a=b", "50$"], ["a\nb", "a\x00", "$(HOME)", "a\x7f"]),
}


@pytest.mark.parametrize("kind", TYPED)
def test_params_of_models_are_held_to_their_type(kind: str) -> None:
    """A model's own params are checked by type; text may be anything that stays one plain line."""
    right, wrong = TYPED[kind]
    rule = {"type": kind, "expected": kind}
    assert [value for value in right if not guard.fits(value, rule)] == []
    assert [value for value in wrong if guard.fits(value, rule)] == []


def test_bounds_hold_on_both_sides_and_alone() -> None:
    """low and high are part of the range, and each may be given without the other."""
    assert [guard.fits(v, {"type": "int", "low": 1, "high": 3}) for v in "01234"] == [
        False, True, True, True, False
    ]  # fmt: skip
    assert [guard.fits(v, {"type": "int", "low": 2}) for v in "123"] == [False, True, True]
    assert [guard.fits(v, {"type": "float", "high": 2}) for v in "123"] == [True, True, False]


@pytest.mark.parametrize("model", read_all(), ids=lambda model: model.name)
def test_every_model_passes_its_own_defaults(model: Any) -> None:
    """The rule made of a param in model.yaml takes the value that stands beside it."""
    for param in parameters.of_model(model).values():
        assert guard.fits(param.value, json.loads(json.dumps(param.rule))), param.name
