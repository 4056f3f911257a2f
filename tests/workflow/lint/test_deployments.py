"""SeldonDeployments within workflows: the manifests of resource templates, as far as they are known."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from argolane.manifest import Document, dump, loads
from argolane.workflow.lint import lint
from argolane.workflow.lint.beyond.deployments import of_submission

MANIFEST = """
apiVersion: machinelearning.seldon.io/v1
kind: SeldonDeployment
metadata:
  name: {{inputs.parameters.name}}
spec:
  predictors:
  - name: default
    replicas: {{= asInt(inputs.parameters.replicas) }}
    graph:
      name: ab
      implementation: RANDOM_ABTEST
      parameters: [{name: ratioA, value: "{{inputs.parameters.ratio}}", type: FLOAT}]
      children: [{name: a, type: MODEL}, {name: b, type: MODEL}]
    componentSpecs:
    - spec:
        containers:
        - {name: a, image: "{{inputs.parameters.image}}"}
        - {name: b, image: "{{inputs.parameters.image}}"}
"""


def template(manifest: str, **resource: str) -> dict[str, Any]:
    names = ("name", "replicas", "ratio", "image")
    return {
        "name": "deploy",
        "inputs": {"parameters": [{"name": name, "value": "1"} for name in names]},
        "resource": {"action": "apply", "manifest": manifest, **resource},
    }


def document(kind: str, name: str, spec: dict[str, Any]) -> Document:
    body = {"apiVersion": "argoproj.io/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}
    (read,) = loads(dump(body), "test")
    return Document(read, Path(f"{name}.yaml"), f"{name}.yaml")


def applying(manifest: str, **resource: str) -> list[str]:
    spec = {"entrypoint": "deploy", "templates": [template(manifest, **resource)]}
    return [str(finding) for finding in lint([document("Workflow", "w", spec)])]


def test_tags_in_a_manifest_are_values_to_come() -> None:
    """Bare or quoted, for a name, a number, an image or a ratio: there is nothing to say."""
    assert applying(MANIFEST) == []


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (
            '"{{inputs.parameters.ratio}}"',
            "'80'",
            "warning: node 'ab' has ratioA '80'; expected a",
        ),
        ("replicas: ", "trafic: 1\n    replicas: ", "error: No field 'trafic'. Did you mean 'traffic'?"),
        (", type: FLOAT}", "}", "error: is required."),
        ("{name: b, type: MODEL}", "{name: c, type: MODEL}", "error: No container 'c'."),
    ],
)
def test_what_is_known_of_a_manifest_is_looked_at(before: str, after: str, told: str) -> None:
    """The place is that of the template, and then that within its manifest."""
    found = applying(MANIFEST.replace(before, after))
    assert any(told in text for text in found)
    assert all(text.startswith("w.yaml: spec.templates[0].resource.manifest: spec.") for text in found)


def test_what_only_a_cluster_runs_is_neither_error_nor_warning() -> None:
    """The workflow may be meant for one."""
    (found,) = applying(MANIFEST.replace("spec:\n  predictors", "spec:\n  protocol: v2\n  predictors"))
    assert ": local: protocol v2 is valid and does not run locally" in found


def test_a_manifest_may_be_json() -> None:
    """Braces that close several objects at once are no tags."""
    body = yaml.safe_load(re.sub(r"\{\{.*?}}", "1", MANIFEST.replace("{{inputs.parameters.name}}", "x")))
    assert applying(json.dumps(body, separators=(",", ":"))) == []
    body["spec"]["predictors"][0]["replicas"] = "1"
    assert "replicas: error: is '1'" in applying(json.dumps(body, separators=(",", ":")))[0]


@pytest.mark.parametrize("action", ["get", "delete"])
def test_what_is_only_named_is_not_looked_at(action: str) -> None:
    """Getting and deleting need a kind and a name."""
    assert applying(MANIFEST.replace("type: MODEL", "type: [1]"), action=action) == []


def test_a_patch_is_no_whole_deployment() -> None:
    """Its fields have to fit, and none is required."""
    patch = "kind: SeldonDeployment\nmetadata: {name: x}\nspec: {replicas: TWO}\n"
    fits = applying(patch.replace("TWO", "2"), action="patch", mergeStrategy="merge")
    (found,) = applying(patch, action="patch", mergeStrategy="merge")
    assert fits == []
    assert "spec.replicas: error: is 'TWO'; expected a whole number." in found


def test_a_submission_is_what_it_refers_to() -> None:
    """A thin workflow applies what its template holds, and that template's templates; others are left out."""
    wrong = MANIFEST.replace("type: FLOAT}", "type: FLAOT}").replace(
        "implementation: RANDOM_ABTEST", "type: MODL"
    )
    deploy = {"entrypoint": "deploy", "templates": [template(wrong)]}
    step = {"name": "s", "templateRef": {"name": "deployer", "template": "deploy"}}
    outer = {"entrypoint": "main", "templates": [{"name": "main", "steps": [[step]]}]}
    near = [
        document("WorkflowTemplate", "deployer", deploy),
        document("WorkflowTemplate", "outer", outer),
        document("WorkflowTemplate", "other", deploy),
    ]
    thin = document("Workflow", "thin", {"workflowTemplateRef": {"name": "outer"}})
    assert {finding.where.partition(":")[0] for finding in of_submission(thin, near)} == {"deployer.yaml"}
