"""What a workflow says that it needs is up when it starts."""

from pathlib import Path

import pytest

from argolane.errors import ArgolaneError, ManifestError
from argolane.project import Project
from argolane.serving.apiserver import ApiServer
from argolane.workflow.local.needs import ANNOTATION, Need, bring_up, needs

PREPARE = "#!/bin/sh\n[ -e given.env ] || echo colour=red > given.env\necho once >> prepared\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with the kustomization `site`, whose values `prepare` makes."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "kustomization.yaml").write_text(
        "generatorOptions: {disableNameSuffixHash: true}\n"
        "configMapGenerator: [{name: given, envs: [given.env]}]\n"
    )
    (site / "prepare").write_text(PREPARE)
    (site / "prepare").chmod(0o755)
    return Project(tmp_path)


def said(project: Project, text: str, **changed: str) -> list[str]:
    lines: list[str] = []
    bring_up(project, {"annotations": {ANNOTATION: text}}, changed, say=lines.append)
    return lines


def test_what_is_not_up_is_brought_up_once(project: Project) -> None:
    """One line says so, and how it ends; the second run finds it."""
    [line] = said(project, "site")
    assert "site is needed and is not up" in line and "argolane delete -k site" in line
    found = ApiServer(project).get("ConfigMap", "given")
    assert found and found["data"] == {"colour": "red"}
    assert said(project, "site") == []


def test_a_parameter_may_make_it_needless(project: Project) -> None:
    """Only where it has another value than the workflow's own."""
    assert said(project, "site unless address", address="http://elsewhere") == []
    assert not (project.root / "site/prepared").exists()
    assert len(said(project, "site unless address", other="x")) == 1


def test_most_workflows_need_nothing(project: Project) -> None:
    """No annotation, or an empty one; several are a line each."""
    assert needs({}) == needs({"annotations": None}) == said(project, "\n ") == []
    told = needs({"annotations": {ANNOTATION: "a\nb unless c\n"}})
    assert told == [Need("a"), Need("b", "c")]


@pytest.mark.parametrize("text", ["a b", "a unless", "a if b", "a unless b c"])
def test_what_cannot_be_read_is_a_fault_of_the_manifest(project: Project, text: str) -> None:
    """With what is expected."""
    with pytest.raises(ManifestError, match="FOLDER unless PARAMETER"):
        said(project, text)


@pytest.mark.parametrize("folder", ["none", "..", "/etc", "site/kustomization.yaml"])
def test_only_a_folder_of_the_project_is_applied(project: Project, folder: str) -> None:
    """What is elsewhere is not what the project is made of."""
    with pytest.raises(ArgolaneError, match=r"no folder of this project with a kustomization.yaml"):
        said(project, folder)


def test_a_prepare_that_fails_ends_it(project: Project) -> None:
    """With its own words; nothing is applied."""
    (project.root / "site/prepare").write_text("#!/bin/sh\necho no key >&2\nexit 3\n")
    with pytest.raises(ArgolaneError, match=r"site/prepare failed \(exit code 3\): no key"):
        said(project, "site")
    assert ApiServer(project).get("ConfigMap", "given") is None
