"""model.yaml: what is read, and that every fault is told, all at once, in the user's words."""

from pathlib import Path

import pytest

from models import spec

GOOD = """\
name: toy
title: Toy
description: >
  Over two
  lines.
params:
  seed: {type: int, value: 0, minimum: 0, description: Seed.}
  rate: {type: float, value: 1, maximum: 2.5, description: Rate.}
  kind: {type: choice, value: a, choices: [a, b], description: Kind.}
  label: {type: str, value: "", description: Label.}
  fast: {type: bool, value: true, description: Fast.}
resources:
  train: {requests: {cpu: 1, memory: 1Gi}, limits: {cpu: 500m}}
  serve: {requests: {}, limits: {}}
min_accuracy: 0.9
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "toy"
    folder.mkdir()
    return folder


def faults(folder: Path, text: str) -> list[str]:
    (folder / spec.FILE).write_text(text, encoding="utf-8")
    with pytest.raises(spec.SpecError) as caught:
        spec.read(folder)
    return [fault.removeprefix(f"{folder / spec.FILE}: ") for fault in caught.value.faults]


def test_a_good_file_is_read_whole(folder: Path) -> None:
    """Names, params with their types, quantities as text."""
    (folder / spec.FILE).write_text(GOOD, encoding="utf-8")
    toy = spec.read(folder)
    assert (toy.name, toy.title, toy.description, toy.min_accuracy) == ("toy", "Toy", "Over two lines.", 0.9)
    assert {name: param.value for name, param in toy.params.items()} == {
        "seed": 0, "rate": 1, "kind": "a", "label": "", "fast": True,
    }  # fmt: skip
    assert toy.resources.train.model_dump() == {
        "requests": {"cpu": "1", "memory": "1Gi"},
        "limits": {"cpu": "500m"},
    }


def test_the_models_of_this_repository_are_read() -> None:
    """Every folder's model.yaml is valid; the two MNIST models are there."""
    assert {"sk_mnist", "tf_mnist"} <= {model.name for model in spec.read_all()}
    assert spec.read(spec.MODELS / "sk_mnist").kebab == "sk-mnist"


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("value: 0, minimum", "value: abc, minimum", "params.seed is 'abc'; expected int of at least 0."),
        ("value: 0, minimum", "value: -1, minimum", "params.seed is -1; expected int of at least 0."),
        ("value: 0, minimum", "value: true, minimum", "params.seed is True; expected int of at least 0."),
        ("value: 0, minimum", "value: 0.5, minimum", "params.seed is 0.5; expected int of at least 0."),
        ("value: 1,", "value: 1e-3,", "params.rate is '1e-3'; expected float of at most 2.5."),
        ("value: 1,", "value: .nan,", "params.rate is nan; expected float of at most 2.5."),
        ("value: a,", "value: c,", "params.kind is 'c'; expected one of a, b."),
        ("value: true,", "value: 1,", "params.fast is 1; expected bool."),
        ('value: ""', "value: 3", "params.label is 3; expected str."),
        ("description: Seed.", "note: Seed.", "params.seed.description is missing."),
        ("type: int", "type: integer", "params.seed.type is 'integer'; expected 'int',"),
        ("  seed:", "  version:", "params.version is taken; give the param another name."),
        ("  seed:", "  Seed:", "params.Seed is 'Seed'; expected a name in snake_case."),
        ("name: toy", "name: toi", "name is 'toi'; expected 'toy', the folder's name."),
        ("min_accuracy: 0.9", "min_accuracy: 90", "min_accuracy is 90; expected less than or equal to 1."),
        ("min_accuracy: 0.9", "min_acuracy: 0.9", "min_accuracy is missing."),
        ("cpu: 500m", "cpu: lots", "resources.train.limits.cpu is 'lots'; expected a quantity"),
        ("title: Toy", "title:", "title is None; expected text."),
        ("title: Toy", "title: Toy\ntitle: Other", "not valid YAML: line 3: 'title' is given twice."),
        (GOOD, "[]", "the file is []; expected a mapping."),
        (GOOD, "{", "not valid YAML: "),
    ],
)  # fmt: skip
def test_a_fault_is_named(folder: Path, old: str, new: str, fault: str) -> None:
    """Where, what was found, what is expected."""
    assert old in GOOD
    assert any(found.startswith(fault) for found in faults(folder, GOOD.replace(old, new)))


def test_all_faults_come_at_once(folder: Path) -> None:
    """Three mistakes, three lines; and the message names the file as the user sees it."""
    text = GOOD.replace("value: 0,", "value: x,").replace("value: a,", "value: z,").replace("0.9", "2")
    assert len(faults(folder, text)) == 3


def test_a_missing_file_is_named(folder: Path) -> None:
    """No model.yaml is a fault, not a traceback."""
    with pytest.raises(spec.SpecError, match=r"toy/model\.yaml: cannot be read"):
        spec.read(folder)


def test_the_file_is_named_from_the_working_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below the working folder the path is relative, as in the documentation."""
    monkeypatch.chdir(folder.parent)
    with pytest.raises(spec.SpecError, match=r"^toy/model\.yaml: cannot"):
        spec.read(folder)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("int", "12", 12),
        ("float", "1e-3", 0.001),
        ("bool", "True", True),
        ("str", "", ""),
        ("float", "2", 2.0),
    ],
)
def test_a_command_line_is_parsed_by_type(kind: str, text: str, value: object) -> None:
    """Text of a flag or workflow parameter becomes the param's type."""
    defaults = {"int": 0, "float": 0.0, "bool": False, "str": "-"}
    param = spec.Param(type=kind, value=defaults[kind], description="-")  # type: ignore[arg-type]
    assert param.parse(text) == value
    assert type(param.parse(text)) is type(value)


@pytest.mark.parametrize(("kind", "text"), [("int", "1.5"), ("int", ""), ("float", "x"), ("bool", "yes")])
def test_a_bad_command_line_says_what_is_expected(kind: str, text: str) -> None:
    """`is 'x'; expected float.`"""
    param = spec.Param(type=kind, value={"bool": False}.get(kind, 0), description="-")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=f"is '{text}'; expected {kind}."):
        param.parse(text)
