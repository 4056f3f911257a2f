"""lint as a whole: files and places, several documents, -p, other kinds."""

import importlib.util
from pathlib import Path

import pytest

from argolane.workflow.lint import Finding, lint, submit_error

_spec = importlib.util.spec_from_file_location("manifests", Path(__file__).with_name("manifests.py"))
assert _spec is not None and _spec.loader is not None
manifests = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(manifests)

MAIN = '- name: main\n  suspend: {duration: "0"}\n'


def test_all_findings_at_once_each_with_its_file_and_place() -> None:
    """Faults of different layers come together, sorted by place."""
    documents = manifests.workflow(
        "- name: main\n  steps: [[{name: a, template: nowhere}, {name: a, template: wait}]]\n"
        '- name: wait\n  container: {image: "", comand: [x], args: ["{{inputs.parameters.q}}"]}\n'
    )
    assert [str(finding) for finding in lint(documents) if finding.severity == "error"] == [
        "w.yaml: spec.templates[0].steps[0][0].template: error: template name 'nowhere' undefined",
        "w.yaml: spec.templates[0].steps[0][1].name: error: templates.main.steps[0].name 'a' is not unique",
        "w.yaml: spec.templates[1].container: error: templates.wait.container.image may not be empty",
        "w.yaml: spec.templates[1].container.args[0]: error: failed to resolve {{inputs.parameters.q}}",
        "w.yaml: spec.templates[1].container.comand: error: No field 'comand'. Did you mean 'command'?",
    ]


def test_what_an_input_artifact_says_counts_without_an_argument_only() -> None:
    """Argo puts the argument in its place, but for its path and mode, and looks at that."""
    inputs = 'inputs: {artifacts: [{name: a, path: /tmp/a, raw: {data: "{{inputs.artifacts.b.path}}"}}]}'
    called = f"- name: main\n  steps: [[{{name: a, template: t}}]]\n- name: t\n  {inputs}\n"
    assert lint(manifests.workflow(called + "  container: {image: x, command: [x]}\n")) == []
    given = called.replace("template: t", "template: t, arguments: {artifacts: [{name: a, raw: {data: x}}]}")
    assert lint(manifests.workflow(given + "  container: {image: x, command: [x]}\n")) == []
    main = "container: {image: x, command: [x], args: ['{{inputs.artifacts.b.path}}']}"
    own = f"- name: main\n  {inputs}\n  {main}\n"
    (finding,) = lint(manifests.workflow(own))
    assert finding.message == "failed to resolve {{inputs.artifacts.b.path}}"


def test_templates_are_found_among_the_other_documents() -> None:
    """A templateRef is satisfied by `others`, whose own findings are not reported."""
    shared = manifests.documents(
        "apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\nmetadata: {name: shared}\n"
        "spec: {templates: [{name: t, container: {image: x}}]}\n",
        "shared.yaml",
    )
    documents = manifests.workflow(
        "- name: main\n  steps: [[{name: a, templateRef: {name: shared, template: t}}]]\n"
    )
    assert lint(documents, others=shared) == []
    (missing,) = lint(documents)
    assert 'couldn\'t find workflow template "shared"' in missing.message


@pytest.mark.parametrize(
    ("given", "finding"),
    [
        ({"sise": "small"}, Finding("-p sise", "error", "No parameter 'sise'. Did you mean 'size'?")),
        ({"size": "huge"}, Finding("-p size", "error", "'huge' is not one of 'small', 'large'.")),
    ],
)
def test_given_parameters(given: dict[str, str], finding: Finding) -> None:
    """An unknown -p and a value outside its enum are errors, which Argo would take."""
    extra = "arguments: {parameters: [{name: size, value: small, enum: [small, large]}]}"
    assert lint(manifests.workflow(MAIN, extra=extra), parameters=given) == [finding]


def test_a_parameter_without_a_value_is_a_fault_of_the_submission_only() -> None:
    """A file may leave a value to -p; a submission may not leave it out."""
    documents = manifests.workflow(MAIN, extra="arguments: {parameters: [{name: needed}]}")
    assert lint(documents) == []
    (missing,) = lint(documents, parameters={})
    assert missing.message == "spec.arguments.needed.value or spec.arguments.needed.valueFrom is required"
    assert lint(documents, parameters={"needed": "x"}) == []


def test_parameters_of_the_referred_template_count() -> None:
    """A thin Workflow takes the parameters, and their enums, of the WorkflowTemplate it refers to."""
    shared = manifests.workflow(
        MAIN, kind="WorkflowTemplate", extra="arguments: {parameters: [{name: size, value: s, enum: [s, l]}]}"
    )
    thin = manifests.documents(
        "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {generateName: w-}\n"
        "spec: {workflowTemplateRef: {name: w}}\n",
        "thin.yaml",
    )
    assert lint(thin, others=shared, parameters={"size": "l"}) == []
    assert [f.message for f in lint(thin, others=shared, parameters={"size": "x"})] == [
        "'x' is not one of 's', 'l'."
    ]


def test_wrong_types_come_before_the_rest() -> None:
    """A list that is none is the only finding; the other checks wait for it."""
    documents = manifests.documents(
        "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: w}\nspec: {templates: {a: b}}\n"
    )
    assert [str(finding) for finding in lint(documents)] == [
        "w.yaml: spec.templates: error: is a mapping; expected a list."
    ]


def test_cron_workflow() -> None:
    """A CronWorkflow's schedule and its workflow are looked at, the workflow below workflowSpec."""
    documents = manifests.documents(
        "apiVersion: argoproj.io/v1alpha1\nkind: CronWorkflow\nmetadata: {name: c}\nspec:\n"
        "  schedules: ['61 * * * *']\n  timezone: Mars/Olympus\n"
        "  workflowSpec: {entrypoint: nowhere, templates: []}\n"
    )
    schedule, timezone, entrypoint = (str(finding) for finding in lint(documents))
    assert schedule.endswith("61 * * * * is malformed: end of range (61) above maximum (59): 61")
    assert timezone.endswith('invalid timezone "Mars/Olympus": unknown time zone Mars/Olympus')
    assert entrypoint == "w.yaml: spec.workflowSpec.entrypoint: error: template name 'nowhere' undefined"


def test_seldon_deployment_in_the_same_files() -> None:
    """A graph node needs a container of its name; other kinds are passed over."""
    documents = manifests.documents(
        "apiVersion: machinelearning.seldon.io/v1\nkind: SeldonDeployment\nmetadata: {name: s}\n"
        "spec: {predictors: [{name: p, graph: {name: a, type: MODL, children: [{name: b}]},\n"
        "  componentSpecs: [{spec: {containers: [{name: a, image: x}]}}]}]}\n---\n"
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"
    )
    place = "w.yaml: spec.predictors[0].graph"
    typo, missing = (str(finding) for finding in lint(documents))
    assert typo.startswith(f"{place}: warning: node 'a' has the type 'MODL': it is passed over.")
    assert missing.startswith(f"{place}.children[0]: error: No container 'b'. There are: a.")


def test_submit_error_is_argos_first_word() -> None:
    """The text is that of `argo submit`, prefix and all; None when the workflow would be taken."""
    documents = manifests.workflow("- name: other\n  suspend: {}\n")
    assert submit_error(documents[0]) == (
        "Failed to submit workflow: rpc error: code = InvalidArgument desc = template name 'main' undefined"
    )
    assert submit_error(documents[0], entrypoint="other") is None
    unread = manifests.workflow("- name: main\n  suspended: {}\n")
    assert submit_error(unread[0]) == (
        'Failed to parse workflow: strict decoding error: unknown field "spec.templates[0].suspended"'
    )


@pytest.mark.parametrize(
    ("metadata", "where", "reason"),
    [
        ("{name: Bad_Name}", "metadata.name", 'Invalid value: "Bad_Name": a lowercase RFC 1123'),
        ("{labels: {a: b}}", "metadata.name", "Required value: name or generateName is required"),
        ("{name: l, labels: {a: b c}}", "metadata.labels.a", 'Invalid value: "b c": a valid label must'),
        ("{generateName: Bad-}", "metadata.generateName", 'Invalid value: "Bad-": a lowercase'),
    ],
)
def test_what_the_api_refuses(metadata: str, where: str, reason: str) -> None:
    """Names and labels that Kubernetes itself would not take, after all that Argo checks."""
    documents = manifests.documents(
        f"apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {metadata}\n"
        "spec: {entrypoint: main, templates: [{name: main, suspend: {}}]}\n"
    )
    text = submit_error(documents[0]) or ""
    field = where.removesuffix(".a")
    assert text.partition(" is invalid: ")[2].startswith(f"{field}: {reason}")
    assert [finding.where for finding in lint(documents)] == [f"w.yaml: {where}"]
