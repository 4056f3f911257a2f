"""What Argo's lint lets pass and a cluster then refuses, and what lint must not hold against anybody."""

import importlib.util
from pathlib import Path

import pytest

from argolane.errors import ManifestError
from argolane.manifest import load
from argolane.workflow.lint import lint

_HERE = Path(__file__).parent
_spec = importlib.util.spec_from_file_location("manifests", _HERE / "manifests.py")
assert _spec is not None and _spec.loader is not None
manifests = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(manifests)

MAIN = """
- name: main
  container: {image: x, command: [echo]}
"""


def findings(templates: str = MAIN, extra: str = "") -> list[str]:
    found = lint(manifests.workflow(templates, extra=extra))
    return [f"{f.severity}: {f.where.removeprefix('w.yaml: spec.')}: {f.message}" for f in found]


STEP = "- name: main\n  steps: [[{name: a, template: printIt}]]\n"
HANDLER = "- name: main\n  steps: [[{name: a, template: b, hooks: {exit: {template: printIt}}}]]\n"
CALLED = "- name: printIt\n  {kind}\n- name: b\n  container: {{image: x, command: [echo]}}\n"


@pytest.mark.parametrize(
    ("caller", "kind", "extra"),
    [
        (STEP, "container: {image: x, command: [echo]}", ""),
        (STEP, "script: {image: x, command: [sh], source: echo}", ""),
        (HANDLER, "container: {image: x, command: [echo]}", ""),
        (MAIN, "container: {image: x, command: [echo]}", "onExit: printIt"),
    ],
)
def test_upper_case_in_a_pods_name(caller: str, kind: str, extra: str) -> None:
    """A pod's name holds its template's, and must be lowercase."""
    (found,) = findings(caller + CALLED.format(kind=kind), extra)
    assert found.endswith(
        "name: the name 'printIt' becomes part of a pod's name, which must be lowercase. Write 'printit'."
    )
    assert found.startswith("error: templates[1].name")


def test_upper_case_where_no_pod_is_named_after_it() -> None:
    """The pod of the entrypoint has the workflow's name alone; steps and suspensions have no pod."""
    (document,) = manifests.workflow("- name: printIt\n  container: {image: x, command: [echo]}\n")
    document.body["spec"]["entrypoint"] = "printIt"
    assert lint([document]) == []
    assert findings(STEP + "- name: printIt\n  suspend: {}\n") == []


@pytest.mark.parametrize(
    ("extra", "place"),
    [
        ("workflowMetadata: {labels: {test: $INVALID}}", "workflowMetadata.labels.test: '$INVALID'"),
        ("workflowMetadata: {labels: {test: 'a b'}}", "workflowMetadata.labels.test: 'a b'"),
        ("workflowMetadata: {labels: {'a//b': c}}", "workflowMetadata.labels.a//b: 'a//b'"),
        (
            "workflowMetadata: {labelsFrom: {test: {expression: \"'x/y'\"}}}",
            "workflowMetadata.labelsFrom.test: \"'x/y'\" gives 'x/y'",
        ),
        ("podMetadata: {labels: {test: '-x'}}", "podMetadata.labels.test: '-x'"),
    ],
)
def test_labels(extra: str, place: str) -> None:
    """A label that no object may have is told with its place, wherever labels are written."""
    (found,) = findings(extra=extra)
    assert found.startswith(f"error: {place}")


@pytest.mark.parametrize(
    ("claim", "finding"),
    [
        (
            "accessModes: [Nope], resources: {requests: {storage: 1Mi}}",
            (
                'accessModes: Unsupported value: "Nope": supported values: "ReadOnlyMany", "ReadWriteMany", '
                '"ReadWriteOnce", "ReadWriteOncePod".'
            ),
        ),
        (
            "accessModes: [ReadWriteOnce, ReadWriteOncePod], resources: {requests: {storage: 1Mi}}",
            "accessModes: Forbidden: may not use ReadWriteOncePod with other access modes.",
        ),
        (
            "resources: {requests: {storage: 1Mi}}",
            "accessModes: Required value: at least 1 access mode is required.",
        ),
        ("accessModes: [ReadWriteOnce]", "resources.requests.storage: Required value."),
        (
            "accessModes: [ReadWriteOnce], volumeMode: File, resources: {requests: {storage: 1Mi}}",
            'volumeMode: Unsupported value: "File": supported values: "Block", "Filesystem".',
        ),
    ],
)
def test_claims(claim: str, finding: str) -> None:
    """A claim that the API server would refuse is told in its words."""
    extra = f"volumeClaimTemplates: [{{metadata: {{name: w}}, spec: {{{claim}}}}}]"
    assert findings(extra=extra) == [f"error: volumeClaimTemplates[0].spec.{finding}"]


@pytest.mark.parametrize(
    ("selector", "reason"),
    [
        (
            "matchExpressions: [{key: a, operator: Like, values: [b]}]",
            '"Like" is not a valid label selector operator',
        ),
        (
            "matchExpressions: [{key: a, operator: In}]",
            "values: Invalid value: []string(nil): for 'in', 'notin' operators, values set can't be empty",
        ),
        (
            "matchExpressions: [{key: a, operator: Exists, values: [x, z]}]",
            'values: Invalid value: []string{"x", "z"}: values set must be empty for exists',
        ),
        ("matchLabels: {ok: 'b d'}", 'values[0][ok]: Invalid value: "b d": a valid label must be'),
    ],
)
def test_pod_gc_selector(selector: str, reason: str) -> None:
    """podGC.labelSelector is read as Argo's own lint reads it, with its words."""
    (found,) = findings(extra=f"podGC: {{strategy: OnPodCompletion, labelSelector: {{{selector}}}}}")
    assert found.startswith(f"error: podGC.labelSelector: podGC.labelSelector invalid: {reason}")


@pytest.mark.parametrize(
    ("template", "place", "path"),
    [
        (
            "inputs: {artifacts: [{name: i, path: in.txt, raw: {data: x}}]}",
            "inputs.artifacts[0].path",
            "in.txt",
        ),
        ("outputs: {artifacts: [{name: o, path: ./out}]}", "outputs.artifacts[0].path", "./out"),
        (
            "outputs: {parameters: [{name: o, valueFrom: {path: o.txt}}]}",
            "outputs.parameters[0].valueFrom.path",
            "o.txt",
        ),
    ],
)
def test_relative_paths(template: str, place: str, path: str) -> None:
    """A path that is mounted has to be a whole one."""
    reason = f"{path!r} is relative; expected an absolute path such as '/tmp/{path}'."
    assert findings(MAIN + f"  {template}\n") == [f"error: templates[0].{place}: {reason}"]


@pytest.mark.parametrize("number", [".inf", "-.INF", ".nan"])
def test_numbers_that_json_lacks(tmp_path: Path, number: str) -> None:
    """YAML has numbers that JSON has not: Argo cannot read the file, and neither do we."""
    file = tmp_path / "w.yaml"
    file.write_text(f"kind: Workflow\nspec:\n  arguments: {{parameters: [{{name: a, value: {number}}}]}}\n")
    with pytest.raises(
        ManifestError, match=rf"w\.yaml:3:45: not valid YAML: {number} is no number that JSON has"
    ):
        load(file)


def test_what_is_quoted_is_text(tmp_path: Path) -> None:
    """'.inf' in quotes is a text like any other."""
    file = tmp_path / "w.yaml"
    file.write_text("kind: Workflow\nspec:\n  a: '.inf'\n")
    assert load(file)[0].body["spec"] == {"a": ".inf"}


@pytest.mark.parametrize(
    ("location", "optional", "missing"),
    [
        ('http: {url: ""}', "", True),
        ("s3: {bucket: b}", "", True),
        ('git: {repo: ""}', ", optional: true", False),
        ('http: {url: ""}', ", optional: true", False),
        ('raw: {data: ""}', "", False),
        ("s3: {key: k}", "", False),
    ],
)
def test_artifact_with_an_empty_location(location: str, optional: str, missing: bool) -> None:
    """An empty location is none, as for Argo: what is not optional was not supplied."""
    found = findings(MAIN + f"  inputs: {{artifacts: [{{name: k, path: /tmp/k, {location}{optional}}}]}}\n")
    told = [finding for finding in found if "git.repo is required" not in finding]
    assert told == (["error: entrypoint: inputs.artifacts.k was not supplied"] if missing else [])


def test_expression_over_all_parameters() -> None:
    """workflow.parameters.json is Argo's own, but a parameter of that spelling within another is not."""
    extra = "arguments: {parameters: [{name: a, value: hi}]}"
    text = '  container: {{image: x, command: [echo], args: ["{{{{={}}}}}"]}}\n'
    template = "- name: main\n" + text
    assert findings(template.format("jsonpath(workflow.parameters.json, '$[0].value')"), extra) == []
    assert findings(template.format("toJson(fromJSON(workflow.parameters.json))"), extra) == []
    (found,) = findings(template.format("workflow.parameters.jsonn"), extra)
    assert "No workflow parameter 'jsonn'" in found


@pytest.mark.parametrize("value", ["[]", "[1, {a: b}]", "{x: 1}", "{}"])
def test_a_parameters_value_in_any_form(value: str) -> None:
    """Argo takes a list or a map for a parameter's value."""
    assert findings(extra=f"arguments: {{parameters: [{{name: a, value: {value}}}]}}") == []
    inputs = f"  inputs: {{parameters: [{{name: a, default: {value}}}]}}\n"
    assert findings(MAIN + inputs) == []


def test_a_missing_workflow_template_is_told_once() -> None:
    """However many tasks name it, it is missing once; another one is told as well."""
    steps = """
- name: main
  steps:
  - - {name: a, templateRef: {name: nope, template: t}}
    - {name: b, templateRef: {name: nope, template: u}}
  - - {name: c, templateRef: {name: nope, template: t}}
  - - {name: d, templateRef: {name: other, template: t}}
"""
    absent = (
        'error: templates[0].steps[{}].templateRef: couldn\'t find workflow template "{}" in namespace ""'
    )
    assert findings(steps) == [
        absent.format("0][0", "nope") + " (named in 2 other places too)",
        absent.format("2][0", "other"),
    ]


HERA_INLINE = """
- name: main
  inputs: {parameters: [{name: a, value: "1"}, {name: b-c, value: x}]}
  script:
    image: x
    command: [python]
    source: |-
      import os
      import sys
      sys.path.append(os.getcwd())
      import json
      try: a = json.loads(r'''{{inputs.parameters.a}}''')
      except: a = r'''{{inputs.parameters.a}}'''
      try: b = json.loads(r'''{{inputs.parameters.b-c}}''')
      except: b = r'''{{inputs.parameters.b-c}}'''

      print(a, b)
"""
HERA_RUNNER = """
- name: main
  inputs: {parameters: [{name: a, value: "1"}]}
  script:
    image: x
    command: [python]
    args: [-m, hera.workflows.runner, -e, "mod:fn"]
    source: '{{inputs.parameters}}'
"""


@pytest.mark.parametrize("template", [HERA_INLINE, HERA_RUNNER])
def test_heras_own_lines_are_not_its_users(template: str) -> None:
    """What Hera writes around a @script is not held against who wrote the function."""
    assert findings(template) == []


def test_a_value_within_the_function_still_is() -> None:
    """A tag among the user's own lines is spliced, Hera or not."""
    (found,) = findings(HERA_INLINE.replace("print(a, b)", "print('{{inputs.parameters.a}}')"))
    assert found.startswith("warning: templates[0].script.source: {{inputs.parameters.a}} is spliced")


@pytest.mark.parametrize(
    ("container", "finding"),
    [
        (
            {"args": ["x" * 140_000]},
            "warning: templates[0].container.args[0]: is 140000 bytes long: Argo writes",
        ),
        ({"args": ["x" * 100_000, "y" * 100_000]}, None),
        (
            {"command": ["echo", "x" * 131_072]},
            "error: templates[0].container.command[1]: is 131072 bytes long",
        ),
        ({"command": ["echo", "x" * 131_071]}, None),
        (
            {"env": [{"name": "X", "value": "é" * 70_000}]},
            "error: templates[0].container.env[0]: is 140002 bytes",
        ),
    ],
)
def test_words_of_a_command_line(container: dict[str, object], finding: str | None) -> None:
    """No word of a command line and no variable may have 128 kB; args go through a file."""
    (document,) = manifests.workflow(MAIN)
    document.body["spec"]["templates"][0]["container"].update(container)
    found = [f"{f.severity}: {f.where.removeprefix('w.yaml: spec.')}: {f.message}" for f in lint([document])]
    assert [line.startswith(finding or "") for line in found] == ([True] if finding else [])


@pytest.mark.parametrize(
    ("manifest", "fault"),
    [
        (
            "kind: ConfigMap\nmetadata: {{name: m}}\ndata: {{a: {x}, b: {x}}}",
            "[]: Too long: may not be more than",
        ),
        (
            "kind: Secret\nmetadata: {{name: m}}\nstringData: {{a: {x}{x}}}",
            "data: Too long: may not be more than",
        ),
        ("kind: ConfigMap\nmetadata: {{name: m, annotations: {{a: {x}}}}}", "metadata.annotations: Too long"),
    ],
)
def test_objects_beyond_their_bounds(manifest: str, fault: str) -> None:
    """A ConfigMap or a Secret holds 1 MiB, annotations 256 KiB."""
    (document,) = manifests.workflow("- name: main\n  resource: {action: create}\n")
    document.body["spec"]["templates"][0]["resource"]["manifest"] = manifest.format(x="x" * 600_000)
    (found,) = lint([document])
    assert found.severity == "error"
    assert f'"m" is invalid: {fault}' in found.message


def test_a_workflow_beyond_what_etcd_takes() -> None:
    """A whole workflow is one object, and etcd takes 1.5 MiB."""
    (document,) = manifests.workflow(MAIN, extra="arguments: {parameters: [{name: a, value: x}]}")
    document.body["spec"]["arguments"]["parameters"][0]["value"] = "x" * 1_600_000
    (found,) = lint([document])
    assert "etcdserver: request is too large" in found.message
    assert found.severity == "error"
