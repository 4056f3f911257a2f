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
params:
  depth: {type: int, value: 3, minimum: 1, description: How deep.}
  shuffle_rows: {type: bool, value: true, description: Whether rows are shuffled.}
  kind: {type: choice, value: a, choices: [a, b], description: Which one.}
  label: {type: str, value: "", description: Free text.}
resources:
  train: {requests: {cpu: 10m, memory: 32Mi}, limits: {memory: 64Mi}}
  serve: {requests: {cpu: 10m, memory: 32Mi}, limits: {memory: 64Mi}}
min_accuracy: 0.25
"""


def test_a_folder_is_all_it_takes(tmp_path: Path) -> None:
    """Rendering finds the folder: two workflows and a deployment more, with the params of its model.yaml."""
    for name in ("models", "workflows", "k8s_serving"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "argolane.toml", tmp_path)
    (tmp_path / "models/toy_model").mkdir()
    (tmp_path / "models/toy_model/model.yaml").write_text(MODEL)

    changed = {path.relative_to(tmp_path).as_posix() for path in render.render(find(tmp_path))}
    workflows = ("train-toy-model", "train-toy-model.template", "serve-toy-model", "serve-toy-model.template")
    assert changed == {
        "k8s_serving/rendered/toy-model.yaml",
        "workflows/rendered/kustomization.yaml",
        *(f"workflows/rendered/{name}.yaml" for name in workflows),
    }
    (template,) = load(tmp_path / "workflows/rendered/train-toy-model.template.yaml")
    given = {p["name"]: (p["value"], p.get("enum")) for p in template.body["spec"]["arguments"]["parameters"]}
    assert given["min-accuracy"] == ("0.25", None)
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
