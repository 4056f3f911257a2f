"""model.yaml: what is read, and that every fault is told, all at once, in the user's words."""

from pathlib import Path

import pytest

from models.contract import spec

GOOD = """\
name: toy
title: Toy
description: >
  Over two
  lines.
data: [toys, toys-small]
metric: {name: accuracy, better: higher, accept: 0.9}
train: {}
serve: {type: MODEL}
params:
  seed: {type: int, value: 0, minimum: 0, description: Seed.}
  rate: {type: float, value: 1, maximum: 2.5, description: Rate.}
  kind: {type: choice, value: a, choices: [a, b], description: Kind.}
  label: {type: str, value: "", description: Label.}
  fast: {type: bool, value: true, description: Fast.}
resources:
  train: {requests: {cpu: 1, memory: 1Gi}, limits: {cpu: 500m}}
  serve: {requests: {}, limits: {}}
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
    assert (toy.name, toy.title, toy.description) == ("toy", "Toy", "Over two lines.")
    assert (toy.folder, toy.module, toy.answers, toy.loads) == ("toy", "models.toy", "toy", "toy")
    assert (toy.data, toy.datasets) == (("toys", "toys-small"), ("auto", "toys", "toys-small"))
    assert toy.metric and (toy.metric.name, toy.metric.better, toy.metric.accept) == (
        "accuracy",
        "higher",
        0.9,
    )
    assert toy.serve and toy.serve.type == "MODEL"
    assert {name: param.value for name, param in toy.params.items()} == {
        "seed": 0, "rate": 1, "kind": "a", "label": "", "fast": True,
    }  # fmt: skip
    assert toy.resources.train and toy.resources.train.model_dump() == {
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
        ("value: true,", "value: 1,", "params.fast is 1; expected one of true, false."),
        ('value: ""', "value: 3", "params.label is 3; expected str."),
        ("description: Seed.", "note: Seed.", "params.seed.description is missing."),
        ("type: int", "type: integer", "params.seed.type is 'integer'; expected 'int',"),
        ("  seed:", "  Seed:", "params.Seed is 'Seed'; expected a name in snake_case."),
        ("name: toy", "name: toi", "name is 'toi'; expected 'toy', the folder's name."),
        ("accept: 0.9", "accept: 90", "metric has accept 90; expected 0 to 1, as accuracy is."),
        ("accept: 0.9", "acept: 0.9", "metric.accept is missing."),
        ("accept: 0.9", "accept: .nan", "metric.accept is nan; expected a finite number."),
        ("better: higher", "better: lower", "metric has better 'lower'; expected 'higher' for accuracy."),
        ("better: higher", "better: up", "metric.better is 'up'; expected 'higher' or 'lower'."),
        ("metric: {", "metrics: {", "metrics is not a field; remove it or look for a misspelling."),
        ("type: MODEL", "type: NODE", "serve.type is 'NODE'; expected 'MODEL', 'TRANSFORMER',"),
        ("train: {}", "train:", "train is empty; expected a mapping, such as {}, or no such field."),
        ("train: {}", "folder: x\ntrain: {}", "folder is not a field; remove it or look for a misspelling."),
        ("[toys, ", "[My Toys, ", "data.0 is 'My Toys'; expected a name in kebab-case."),
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
    text = (
        GOOD.replace("value: 0,", "value: x,")
        .replace("value: a,", "value: z,")
        .replace("accept: 0.9", "accept: 2")
    )
    assert len(faults(folder, text)) == 3


@pytest.mark.parametrize(
    ("without", "fault"),
    [
        ("train: {}\nserve: {type: MODEL}\n",
         "the file has neither train nor serve; expected one of them, or both."),
        ("metric: {name: accuracy, better: higher, accept: 0.9}\n",
         "the file has train and no metric; expected what its versions are judged by."),
        ("  serve: {requests: {}, limits: {}}\n",
         "the file has serve and no resources.serve; expected what its container needs."),
        ("train: {}\n", "the file has data and no train; expected train: {}, or no data."),
    ],
)  # fmt: skip
def test_the_parts_of_a_file_agree(folder: Path, without: str, fault: str) -> None:
    """What is trained is judged, what runs has resources, what is never trained has no data."""
    assert without in GOOD
    assert fault in faults(folder, GOOD.replace(without, ""))


SERVED = """\
name: {name}
title: Served only
description: Adds nothing.
serve: {{type: TRANSFORMER, loads: comments}}
resources: {{serve: {{requests: {{}}, limits: {{}}}}}}
"""


def test_a_folder_may_be_nested(tmp_path: Path) -> None:
    """Its name is made of the folders below models; it may serve alone, and serve another unit's versions."""
    folder = tmp_path / "models" / "comments" / "clean"
    folder.mkdir(parents=True)
    (folder / spec.FILE).write_text(SERVED.format(name="comments_clean"))
    (unit,) = spec.read_all(tmp_path / "models")
    assert (unit.name, unit.kebab, unit.folder) == ("comments_clean", "comments-clean", "comments/clean")
    assert (unit.module, unit.loads) == ("models.comments.clean", "comments")
    assert (unit.train, unit.metric, unit.datasets, dict(unit.params)) == (None, None, (), {})

    (folder / spec.FILE).write_text(SERVED.format(name="clean"))
    with pytest.raises(spec.SpecError, match=r"name is 'clean'; expected 'comments_clean', the names of the"):
        spec.read_all(tmp_path / "models")


def test_two_folders_cannot_have_one_name(tmp_path: Path) -> None:
    """comments/clean and comments_clean would be one folder of the store and one image."""
    for place in ("comments/clean", "comments_clean"):
        folder = tmp_path / "models" / place
        folder.mkdir(parents=True)
        (folder / spec.FILE).write_text(SERVED.format(name="comments_clean"))
    with pytest.raises(spec.SpecError, match="are both named 'comments_clean'; rename one of the folders"):
        spec.read_all(tmp_path / "models")


def test_a_missing_file_is_named(folder: Path) -> None:
    """No model.yaml is a fault, not a traceback."""
    with pytest.raises(spec.SpecError, match=r"toy/model\.yaml: cannot be read"):
        spec.read(folder)


def test_the_file_is_named_from_the_working_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below the working folder the path is relative, as in the documentation."""
    monkeypatch.chdir(folder.parent)
    with pytest.raises(spec.SpecError, match=r"^toy/model\.yaml: cannot"):
        spec.read(folder)


def test_a_lock_for_a_family_makes_one_image(tmp_path: Path) -> None:
    """The nearest unit.lock above a unit, or beside it, says what image it has; without one it has two."""
    folder = tmp_path / "models" / "talk" / "clean"
    folder.mkdir(parents=True)
    (folder / "model.yaml").write_text(
        "name: talk_clean\ntitle: a\ndescription: b\nserve: {type: TRANSFORMER, loads: talk}\n"
        "resources: {serve: {requests: {}, limits: {}}}\n"
    )
    own = spec.read(folder)
    assert (own.family, own.image_folder, own.image("runtime")) == ("", "talk/clean", "talk-clean-runtime")
    (folder.parent / "unit.lock").touch()
    shared = spec.read(folder)
    assert (shared.family, shared.image_folder, shared.loads) == ("talk", "talk", "talk")
    assert shared.image("runtime") == shared.image("trainer") == "talk-unit"
