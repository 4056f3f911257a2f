"""argolane.workflow.catalog finds workflows and checks -p."""

from pathlib import Path

import pytest

from argolane.errors import ArgolaneError, ManifestError, UsageError
from argolane.project import Project, find
from argolane.workflow import catalog

TEMPLATE = """
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata:
  name: greet
  annotations: {workflows.argoproj.io/description: "Says\\n  hello."}
spec:
  arguments:
    parameters:
    - {name: who, value: you, description: Whom to greet}
    - {name: loud, value: "false", enum: ["true", "false"]}
"""
THIN = """
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: greet-}
spec: {workflowTemplateRef: {name: greet}}
"""


@pytest.fixture
def greeting(tmp_path: Path) -> Project:
    (tmp_path / "argolane.toml").write_text('manifests = ["m"]')
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "greet.template.yaml").write_text(TEMPLATE)
    (tmp_path / "m" / "greet.yaml").write_text(THIN)
    return find(tmp_path)


def test_a_name_means_the_thin_workflow_and_its_template(greeting: Project) -> None:
    """Name and generateName without its dash are the same; parameters come from the template."""
    entry = catalog.find(greeting, "greet")
    assert entry.workflow.kind == "Workflow"
    assert [p["name"] for p in entry.parameters()] == ["who", "loud"]
    assert entry.description == "Says hello."


def test_a_template_alone_can_be_run(greeting: Project) -> None:
    """A WorkflowTemplate file is submitted as `argo submit --from` does."""
    entry = catalog.find(greeting, str(greeting.root / "m" / "greet.template.yaml"))
    assert entry.workflow.body["spec"] == {"workflowTemplateRef": {"name": "greet"}}


def test_a_wrong_name_gets_the_near_one(greeting: Project) -> None:
    """A typo in the name is answered with the name that was meant."""
    with pytest.raises(ArgolaneError, match=r"^No workflow 'gret'. Did you mean 'greet'\?$"):
        catalog.find(greeting, "gret")


def test_every_bad_parameter_is_told(greeting: Project) -> None:
    """An unknown -p and a value outside an enum are told together, before anything runs."""
    entry = catalog.find(greeting, "greet")
    with pytest.raises(ManifestError) as error:
        catalog.check_parameters(entry, {"whom": "x", "loud": "maybe", "who": "ok"})
    assert error.value.faults == (
        "-p whom: No parameter 'whom'. Did you mean 'who'?",
        "-p loud: 'maybe' is not allowed; allowed: true, false.",
    )


def test_a_file_with_two_workflows_is_refused(greeting: Project) -> None:
    """A run takes one workflow; which of two is not guessed."""
    both = greeting.root / "both.yaml"
    both.write_text(THIN + "---" + THIN.replace("generateName: greet-", "name: other"))
    with pytest.raises(UsageError, match=r"holds 2 workflows \(greet, other\)"):
        catalog.find(greeting, str(both))


def test_a_file_without_a_workflow_is_refused(greeting: Project) -> None:
    """A ConfigMap cannot be run, and the error says what the file holds."""
    path = greeting.root / "c.yaml"
    path.write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n")
    with pytest.raises(ArgolaneError, match=r"holds no Workflow .* but: ConfigMap"):
        catalog.find(greeting, str(path))


def test_what_a_file_refers_to_may_stand_beside_it(tmp_path: Path) -> None:
    """More files and folders give WorkflowTemplates; the one Workflow among them is run."""
    (tmp_path / "thin.yaml").write_text(THIN)
    (tmp_path / "t").mkdir()
    (tmp_path / "t/greet.yml").write_text(TEMPLATE + "---\nkind: ConfigMap\nmetadata: {name: c}\n")
    thin, folder = str(tmp_path / "thin.yaml"), str(tmp_path / "t")
    for target, beside in ((thin, [folder]), (folder, [thin]), (str(tmp_path), [])):
        entry = catalog.find(Project(tmp_path), target, beside)
        assert (entry.workflow.path.name, [t.name for t in entry.templates]) == ("thin.yaml", ["greet"])


def test_what_is_given_beats_the_projects_own(greeting: Project) -> None:
    """A template of the same name in a file beside is the one that is meant."""
    other = greeting.root / "other.yaml"
    other.write_text(TEMPLATE.replace("value: you", "value: them"))
    for target in ("greet", str(greeting.root / "m/greet.yaml")):
        entry = catalog.find(greeting, target, [str(other)])
        assert entry.parameters()[0]["value"] == "them"


def test_a_cron_workflow_runs_once(tmp_path: Path) -> None:
    """Its workflowSpec, with the labels that its runs have."""
    cron = tmp_path / "c.yaml"
    cron.write_text(
        "apiVersion: argoproj.io/v1alpha1\nkind: CronWorkflow\nmetadata: {name: nightly}\n"
        "spec: {schedules: ['0 3 * * *'], workflowSpec: {entrypoint: main},\n"
        "  workflowMetadata: {labels: {a: b}}}\n"
    )
    body = catalog.find(Project(tmp_path), str(cron)).workflow.body
    assert body["metadata"] == {"generateName": "nightly-", "labels": {"a": "b"}}
    assert (body["kind"], body["spec"]) == ("Workflow", {"entrypoint": "main"})
