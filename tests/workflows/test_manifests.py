"""The workflows as they are rendered."""

import gzip
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from argolane import render
from argolane.manifest import Document, dump, load, loads
from argolane.project import find
from models.contract.spec import read_all

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "workflows" / "rendered"
DOCUMENTS = [document for path in sorted(FOLDER.glob("*.yaml")) for document in load(path)]
TEMPLATES = [document for document in DOCUMENTS if document.kind == "WorkflowTemplate"]
WORKFLOWS = [document for document in DOCUMENTS if document.kind == "Workflow"]
STOCK_IMAGES = {"python:3.11-slim", "docker:cli", "docker:dind"}
COMPARED = r"'\{\{([\w.-]+|=[^{}]+)}}' (==|!=) '[\w-]*'"
QUOTED_WHEN = re.compile(f"{COMPARED}( && {COMPARED})*")
each_template = pytest.mark.parametrize("document", TEMPLATES, ids=lambda document: document.name)


def templates(document: Document) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = document.body["spec"]["templates"]
    return found


def containers(document: Document) -> Iterator[tuple[str, dict[str, Any]]]:
    """(template's name, container) of everything that runs in a pod."""
    for template in templates(document):
        for key in ("container", "script"):
            if key in template:
                yield template["name"], template[key]
        for key in ("sidecars", "initContainers"):
            for container in template.get(key, []):
                yield template["name"], container


def tasks(document: Document) -> Iterator[dict[str, Any]]:
    """DAG tasks and steps."""
    for template in templates(document):
        yield from template.get("dag", {}).get("tasks", [])
        for group in template.get("steps", []):
            yield from group


def parameters(document: Document) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = document.body["spec"]["arguments"]["parameters"]
    return found


def test_rendered_files_are_those_of_a_fresh_render() -> None:
    """Rendering again changes no byte of any rendered file, and misses none."""
    assert render.check(find(ROOT)) == []


def test_every_model_folder_has_its_workflows() -> None:
    """Each workflow is a template and a thin Workflow; a model folder is all that they need."""
    units = [unit for unit in read_all() if unit.metric]
    names = {f"train-{unit.kebab}" for unit in units if unit.train}
    names |= {f"serve-{unit.kebab}" for unit in units if unit.serve}
    names |= {f"ab-test-{unit.answers}" for unit in units if unit.serve and unit.serve.type == "MODEL"}
    names |= {"bandit-mnist", "bandit-mnist-3", "shadow-mnist"}
    assert names | {"mnist"} <= {d.name for d in TEMPLATES} == {d.name for d in WORKFLOWS}
    for document in WORKFLOWS:
        assert document.body["metadata"]["generateName"] == f"{document.name}-"
        assert "namespace" not in document.body["metadata"]
        assert document.body["spec"] == {"workflowTemplateRef": {"name": document.name}}


def test_the_list_for_kustomize_is_complete() -> None:
    """kustomization.yaml names every template and nothing else."""
    (kustomization,) = [d for d in DOCUMENTS if d.kind == "Kustomization"]
    assert kustomization.body["resources"] == sorted(f"{d.name}.template.yaml" for d in TEMPLATES)


@each_template
def test_survives_yaml(document: Document) -> None:
    """What is written reads back as the same value, scripts to the letter."""
    assert loads(dump(document.body), "again") == [document.body]


@each_template
def test_every_container_says_what_it_runs(document: Document) -> None:
    """Image and command are explicit: nothing is Hera's default, `latest`, or looked up in a registry."""
    for name, container in containers(document):
        image = container["image"]
        assert image in STOCK_IMAGES or image == "{{inputs.parameters.image}}", (name, image)
        assert container["command"], name


@each_template
def test_every_when_is_quoted_on_both_sides(document: Document) -> None:
    """A value with a hyphen, a slash or nothing in it is compared as text, and does not end the run."""
    conditions = [task["when"] for task in tasks(document) if "when" in task]
    assert conditions
    for condition in conditions:
        assert QUOTED_WHEN.fullmatch(condition), condition


@each_template
def test_no_parameter_is_spliced_into_code(document: Document) -> None:
    """Scripts and commands hold no tag; arguments hold one as a whole or after `--flag=`."""
    for name, container in containers(document):
        assert "{{" not in container.get("source", "") + " ".join(container["command"]), name
        for argument in container.get("args", []):
            assert "{{" not in argument or re.fullmatch(r"--[\w-]+=\{\{[\w.-]+}}", argument), argument


@each_template
def test_every_parameter_is_described_and_has_a_value(document: Document) -> None:
    """The web form explains each field, and each default is text and one of its own enum."""
    for parameter in parameters(document):
        assert parameter["description"].strip().endswith("."), parameter["name"]
        assert isinstance(parameter["value"], str), parameter["name"]
        assert parameter["value"] in parameter.get("enum", [parameter["value"]]), parameter["name"]
    switch = ["true", "false"]
    closed = {"build": switch, "deploy": switch, "builder": ["dind", "none"]}
    if "mnist" in document.name:
        closed["dataset"] = ["auto", "mnist", "digits"]
    for parameter in parameters(document):
        assert parameter.get("enum") == closed.get(parameter["name"], parameter.get("enum"))
    annotations = document.body["metadata"]["annotations"]
    assert annotations["workflows.argoproj.io/description"].strip()


@each_template
def test_the_guard_comes_first_and_knows_every_parameter(document: Document) -> None:
    """No task starts before the guard, and the guard has a rule for each parameter and no other."""
    (main,) = [t for t in templates(document) if t["name"] == "main"]
    first = [task["name"] for task in main["dag"]["tasks"] if "depends" not in task]
    assert first == ["guard"]
    (guard,) = [t for t in templates(document) if t["name"] == "guard"]
    environment = {variable["name"]: variable["value"] for variable in guard["script"]["env"]}
    assert set(json.loads(environment["RULES"])) == {p["name"] for p in parameters(document)}
    assert environment["PARAMETERS"] == "{{workflow.parameters.json}}"


@each_template
def test_only_the_builders_sidecar_is_privileged(document: Document) -> None:
    """Every pod runs as a numbered user that is not root; the Docker daemon beside `build` alone does not."""
    security = document.body["spec"]["securityContext"]
    assert security["runAsNonRoot"] and security["runAsUser"] and security["fsGroup"]
    for name, container in containers(document):
        own = container.get("securityContext") or {}
        if container.get("name") == "dind":
            assert name == "build" and own["privileged"]
        else:
            assert own.get("allowPrivilegeEscalation") is False, name
            assert "privileged" not in own and "runAsUser" not in own and "runAsNonRoot" not in own, name


@each_template
def test_what_a_laptop_lacks_stands_behind_build(document: Document) -> None:
    """The git artifact, sidecars and privileged containers are only in tasks that build=false, or another
    builder, skips."""
    special = {
        t["name"]
        for t in templates(document)
        if t.get("sidecars") or (t.get("inputs") or {}).get("artifacts")
    }
    assert special <= {"build"}
    for task in tasks(document):
        if task["template"] in special:
            assert task["when"] == (
                "'{{workflow.parameters.build}}' == 'true' && '{{workflow.parameters.builder}}' == 'dind'"
            )


@each_template
def test_the_daemon_opens_no_port(document: Document) -> None:
    """Docker's daemon listens on a socket in a folder of the pod, never on TCP, and is told so explicitly."""
    for _, container in containers(document):
        text = json.dumps(container)
        assert "tcp://" not in text and "2375" not in text and "2376" not in text
        if container.get("name") == "dind":
            assert "dockerd --host=unix:///dind/docker.sock" in " ".join(container["command"])


@each_template
def test_everything_ends(document: Document) -> None:
    """The workflow and each pod have a deadline; finished runs and their pods are cleaned up."""
    spec = document.body["spec"]
    assert spec["activeDeadlineSeconds"] and spec["ttlStrategy"] and spec["podGC"]
    assert spec["serviceAccountName"] == "argolane-workflow"
    for template in templates(document):
        if "dag" not in template and "steps" not in template:
            assert template["activeDeadlineSeconds"], template["name"]


@each_template
def test_no_version_compares_as_a_number(document: Document) -> None:
    """In a manifest that is applied, a version like 1e3 or true stays text wherever it is filled in."""
    for template in templates(document):
        text = template.get("resource", {}).get("manifest", "")
        if "kind: SeldonDeployment" not in text:
            continue
        plain, filled = loads(text, "manifest"), loads(re.sub(r"\{\{[\w.-]+}}", "1e3", text), "manifest")
        assert [type(leaf) for leaf in leaves(plain)] == [type(leaf) for leaf in leaves(filled)]


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from leaves(part)
    else:
        yield value


def closed_schema(schema: Any) -> Any:
    """Argo's schema made usable: unknown keys refused, and `limit: 3` allowed where 3 or "3" may stand."""
    if isinstance(schema, list):
        return [closed_schema(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: closed_schema(value) for key, value in schema.items()}
    if isinstance(made.get("properties"), dict):
        made.setdefault("additionalProperties", False)
    return made


@pytest.fixture(scope="module")
def argo_schema() -> Any:
    """Argo 4.1's schema, which is not ours to ship: found in the folder ARGOLANE_SHARED."""
    folder = os.environ.get("ARGOLANE_SHARED")
    path = Path(folder or "", "schemas", "argo-workflows-v4.1.2.schema.json.gz")
    if not folder or not path.is_file():
        pytest.skip("ARGOLANE_SHARED names no folder with Argo's schema")
    schema = closed_schema(json.loads(gzip.decompress(path.read_bytes())))
    definitions = schema["definitions"]
    definitions["io.k8s.apimachinery.pkg.util.intstr.IntOrString"] = {"type": ["string", "integer"]}
    return definitions


def test_fits_argos_schema(argo_schema: Any) -> None:
    """Every document is valid under Argo 4.1's schema with unknown keys refused."""
    for document in (*TEMPLATES, *WORKFLOWS):
        kind = f"#/definitions/io.argoproj.workflow.v1alpha1.{document.kind}"
        validator = jsonschema.Draft7Validator({"$ref": kind, "definitions": argo_schema})
        faults = [
            f"{document.where}: {e.json_path}: {e.message[:200]}"
            for e in validator.iter_errors(document.body)
        ]
        assert not faults
        assert not validator.is_valid(
            {**document.body, "spec": {**document.body["spec"], "entrypont": "main"}}
        )


def test_no_field_that_argo_3_7_lacks() -> None:
    """Fields of 4.x only, and those that 4.0 removed, are not used."""
    text = "".join(path.read_text() for path in FOLDER.glob("*.yaml"))
    for field in ("pendingTimeout", "resourceClaims", "podResources", "executorPlugins", "restartPolicyRules",
                  "mutex:", "semaphore:", "schedule:", "podPriority:"):  # fmt: skip
        assert field not in text


@pytest.mark.timeout(120)
def test_argo_lints_them() -> None:
    """`argo lint --offline` has nothing to say of the folder: references, arguments, scopes, cycles."""
    argo = os.environ.get("ARGOLANE_ARGO") or shutil.which("argo")
    if not argo:
        pytest.skip("no argo on PATH, and ARGOLANE_ARGO names none")
    result = subprocess.run(
        [argo, "lint", "--offline", str(FOLDER)], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
