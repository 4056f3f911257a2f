"""A new folder below models/ in, its workflows and its deployment out, with no edit anywhere else."""

import shutil
from pathlib import Path

from argolane import render
from argolane.manifest import load
from argolane.project import find

ROOT = Path(__file__).resolve().parents[2]
MODEL = """\
name: toy_model
title: Toy
description: Nothing much.
data: [toys]
metric: {name: f1, better: higher, accept: 0.25}
train: {}
serve: {type: MODEL}
params:
  depth: {type: int, value: 3, minimum: 1, description: How deep.}
  shuffle_rows: {type: bool, value: true, description: Whether rows are shuffled.}
  kind: {type: choice, value: a, choices: [a, b], description: Which one.}
  label: {type: str, value: "", description: Free text.}
resources:
  train: {requests: {cpu: 10m, memory: 32Mi}, limits: {memory: 64Mi}}
  serve: {requests: {cpu: 10m, memory: 32Mi}, limits: {memory: 64Mi}}
"""


def test_a_folder_is_all_it_takes(tmp_path: Path) -> None:
    """Rendering finds the folder: its workflows and deployments are there, with its params, and no other."""
    for name in ("models", "workflows", "k8s_serving"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "argolane.toml", tmp_path)
    (tmp_path / "models/toy_model").mkdir()
    (tmp_path / "models/toy_model/model.yaml").write_text(MODEL)

    changed = {path.relative_to(tmp_path).as_posix() for path in render.render(find(tmp_path))}
    names = ("train-toy-model", "serve-toy-model", "ab-test-toy-model")
    workflows = [f"{name}{kind}" for name in names for kind in ("", ".template")]
    assert changed == {
        "k8s_serving/rendered/toy-model.yaml",
        "k8s_serving/rendered/toy-model-ab.yaml",
        "workflows/rendered/kustomization.yaml",
        *(f"workflows/rendered/{name}.yaml" for name in workflows),
    }
    (template,) = load(tmp_path / "workflows/rendered/train-toy-model.template.yaml")
    given = {p["name"]: (p["value"], p.get("enum")) for p in template.body["spec"]["arguments"]["parameters"]}
    assert given["accept"] == ("0.25", None)
    assert given["dataset"] == ("auto", ["auto", "toys"])
    assert {name: given[name] for name in ("depth", "shuffle-rows", "kind", "label")} == {
        "depth": ("3", None),
        "shuffle-rows": ("true", ["true", "false"]),
        "kind": ("a", ["a", "b"]),
        "label": ("", None),
    }
    (train,) = [t for t in template.body["spec"]["templates"] if t["name"] == "train-toy-model"]
    assert train["container"]["command"] == ["python", "-m", "models.toy_model.train"]
    assert "--shuffle-rows={{inputs.parameters.shuffle-rows}}" in train["container"]["args"]
    assert train["container"]["resources"]["limits"] == {"memory": "64Mi"}
