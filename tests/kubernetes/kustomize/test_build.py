"""Kustomizations in, the documents of the real kustomize out: `cases/*/` and what it made of them.

`expected.yaml` is what `kubectl kustomize` (kustomize 5.5) printed; where there is one it is asked again.
"""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from argolane.errors import ManifestError
from argolane.kubernetes.kustomize import PREPARE, build, build_here, installed
from argolane.manifest import Document, objects

CASES = Path(__file__).parent / "cases"
SETUP = Path(__file__).parents[3] / "k8s_setup"
NAMES = sorted(str(file.parent.relative_to(CASES)) for file in CASES.rglob("expected.yaml"))
FOLDERS = sorted(file.parent for file in SETUP.rglob("kustomization.yaml"))
INSTALLED = installed.command()


def by_name(documents: list[Document]) -> Mapping[tuple[str, str, str], Any]:
    return {
        (each.kind, str(each.body["metadata"].get("namespace", "")), each.name): each.body
        for each in documents
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_kustomization_gives_what_kustomize_gives(name: str) -> None:
    """Field by field, the hashes in names included."""
    assert by_name(build_here(CASES / name)) == by_name(objects(CASES / name / "expected.yaml"))


@pytest.mark.skipif(INSTALLED is None, reason="needs kustomize or kubectl")
@pytest.mark.parametrize("folder", [*(CASES / name for name in NAMES), *FOLDERS], ids=str)
def test_kustomize_itself_says_the_same_today(folder: Path, tmp_path: Path) -> None:
    """Of the cases, and of every folder of k8s_setup, prepared where it asks for that."""
    assert INSTALLED is not None
    if (folder / PREPARE).exists():
        folder = Path(shutil.copytree(folder, tmp_path / folder.name))
        subprocess.run([folder / PREPARE], check=True)
    assert by_name(build_here(folder)) == by_name(installed.build(INSTALLED, folder))


def test_without_kustomize_on_the_path_it_is_built_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A laptop has neither kustomize nor kubectl: the same documents come out."""
    before = by_name(build(CASES / "overlay"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("kubectl") is None
    assert by_name(build(CASES / "overlay")) == before


def test_a_folder_that_was_not_prepared_says_what_prepares_it(tmp_path: Path) -> None:
    """A fresh clone has no values for the Secrets of MLflow."""
    folder = Path(shutil.copytree(SETUP / "components/mlflow", tmp_path / "mlflow"))
    for written in folder.glob("*.env"):
        written.unlink()
    with pytest.raises(ManifestError) as told:
        build(folder)
    assert "s3.env" in str(told.value)
    assert told.value.faults[-1].startswith(f"If a file is missing, {folder}/prepare may be what writes it")


def folder_with(tmp_path: Path, text: str, **files: str) -> Path:
    tmp_path.mkdir(exist_ok=True)
    (tmp_path / "kustomization.yaml").write_text(text)
    for name, content in files.items():
        (tmp_path / f"{name}.yaml").write_text(content)
    return tmp_path


def test_a_field_that_is_not_read_is_refused_by_name(tmp_path: Path) -> None:
    """All of them at once, with what to do: a silent skip would apply something else."""
    folder = folder_with(tmp_path, "helmCharts: [{name: x}]\nvars: []\nresources: x\n")
    with pytest.raises(ManifestError) as told:
        build_here(folder)
    file = folder / "kustomization.yaml"
    unread = "is a field that argolane's own kustomize does not read. "
    unread += "Install kustomize (or kubectl), which then builds it."
    assert sorted(told.value.faults) == [
        f"{file}: helmCharts: {unread}",
        f"{file}: resources: input should be a valid list; found 'x'.",
        f"{file}: vars: {unread}",
    ]


OBJECT = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
FAULTS = {
    "resources: [none.yaml]": "kustomization.yaml: resources: there is no 'none.yaml'.",
    "resources: ['https://example.com/x.yaml']": "is not on this machine; get it first.",
    "resources: ['../other.yaml']": "'../other.yaml' is not in its folder",
    "resources: [a.yaml, a.yaml]": "ConfigMap 'a' is there twice",
    "resources: [.]": "is a part of itself.",
    "resources: [broken.yaml]": "broken.yaml:1:5: not valid YAML",
    "components: [base]": "'base' is a Kustomization; expected a Component.",
    "configMapGenerator: [{name: a, literals: [x]}]": "the literal 'x'; expected KEY=VALUE.",
    "configMapGenerator: [{name: a, behavior: merge}]": "there is no ConfigMap 'a' to merge.",
    "configMapGenerator: [{name: a, files: [none.txt]}]": "none.txt: No such file or directory.",
    "resources: [a.yaml]\npatches: [{patch: '[{op: remove, path: /x}]'}]": "a JSON patch needs a target.",
    "resources: [a.yaml]\npatches: [{target: {kind: ConfigMap}, patch: '[{op: remove, path: /x}]'}]": (
        "patches[0]: ConfigMap a: the json patch does not fit: operation 0 (remove /x)"
    ),
    "resources: [a.yaml]\npatches: [{patch: '{kind: ConfigMap, metadata: {name: b}}'}]": (
        "no object ConfigMap 'b' to patch."
    ),
    "replicas: [{name: a, count: 1}]": "replicas: none of Deployment",
    "resources: [a.yaml]\nreplacements: [{source: {kind: Secret}, targets: [{select: {kind: ConfigMap}}]}]": (
        "replacements[0]: source: 0 objects are meant; expected one."
    ),
    "[]": "expected one mapping, with resources, say.",
    "a: {": "not valid YAML",
}


@pytest.mark.parametrize("text", FAULTS)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str) -> None:
    """No traceback for any of them."""
    folder = folder_with(tmp_path / "k", text, a=OBJECT, broken="a: [}")
    (folder / "base").mkdir()
    folder_with(folder / "base", "resources: []")
    (tmp_path / "other.yaml").write_text(OBJECT)
    with pytest.raises(ManifestError) as told:
        build_here(folder)
    assert FAULTS[text] in str(told.value)


def test_a_folder_without_a_kustomization_says_so(tmp_path: Path) -> None:
    """And one that is none at all."""
    with pytest.raises(ManifestError, match=r"holds none of kustomization\.yaml"):
        build_here(tmp_path)
    with pytest.raises(ManifestError, match="is no folder"):
        build_here(tmp_path / "none")
