"""What the local runner refuses, and that it says so before anything starts."""

from collections.abc import Mapping

import pytest

from argolane.containers import cgroups
from argolane.errors import NotSupportedLocally
from argolane.project import Project, ProjectSettings
from argolane.workflow import local
from argolane.workflow.local import Said, effects
from tests.workflow.local.conftest import document

BUILD = """
entrypoint: main
arguments: {parameters: [{name: build, value: "false"}]}
templates:
- name: main
  dag:
    tasks:
    - name: build
      template: outer
      arguments: {parameters: [{name: wanted, value: "{{workflow.parameters.build}}"}]}
    - {name: rest, template: fine}
- name: outer
  inputs: {parameters: [{name: wanted}]}
  steps: [[{name: inner, template: privileged, when: "'{{inputs.parameters.wanted}}' == 'true'"}]]
- name: privileged
  container: {image: "python:3.11-slim", command: ["true"]}
  sidecars:
  - {name: docker, image: "docker:dind", securityContext: {privileged: true}}
- name: fine
  container: {image: "python:3.11-slim", command: ["true"]}
"""


def refused(project: Project, spec: str, parameters: Mapping[str, str] | None = None) -> tuple[str, ...]:
    with pytest.raises(NotSupportedLocally) as refusal:
        local.check(project, document(spec), [], parameters or {})
    assert not project.runs.exists()
    return refusal.value.faults


def test_every_refused_field_is_named_at_once(project: Project) -> None:
    """All that cannot be run is listed by its path, in Argo's order of fields, with the way out."""
    faults = refused(
        project,
        """
entrypoint: main
podSpecPatch: '{}'
volumes: [{name: v, nfs: {server: s, path: /}}]
templates:
- name: other
  suspend: {}
- name: main
  hostAliases: [{ip: 10.0.0.1, hostnames: [h]}]
  outputs: {artifacts: [{name: a, path: /tmp/a, s3: {bucket: b, key: k}}]}
  container:
    image: python:3.11-slim
    command: ["true"]
    env: [{name: A, valueFrom: {resourceFieldRef: {resource: limits.cpu}}}]
""",
    )
    paths = [fault.split("'")[1] for fault in faults]
    assert paths == [
        "spec.volumes[0].nfs",
        "spec.templates[1].hostAliases",
        "spec.templates[1].container.env[0].valueFrom.resourceFieldRef",
    ]
    assert faults[1] == (
        "Workflow uses 'spec.templates[1].hostAliases', which the local runner does not run. Use --on argo."
    )


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ("containerSet: {containers: [{name: a, image: x}]}", "containerSet.containers[0].image"),
        ("http: {url: http://x, bodyFrom: {bytes: eA==}}", "http.bodyFrom"),
        ("daemon: true, data: {source: {artifactPaths: {name: a}}}", "daemon"),
        ("plugin: {x: {}}", "plugin"),
        ("resource: {action: create, manifest: 'kind: Pod'}", "resource.manifest (kind Pod)"),
        ("resource: {action: get, flags: [a], manifest: 'kind: ConfigMap'}", "resource.flags (a)"),
        ("retryStrategy: {affinity: {nodeAntiAffinity: {}}}, suspend: {}", "retryStrategy.affinity"),
    ],
)
def test_kinds_of_templates(project: Project, body: str, path: str) -> None:
    """Templates of other kinds, and objects that nothing here would run, are refused."""
    spec = f"entrypoint: main\ntemplates: [{{name: main, {body}}}]"
    (fault,) = refused(project, spec)
    assert fault.startswith(f"Workflow uses 'spec.templates[0].{path}'")


def test_what_a_parameter_switches_off_is_not_looked_at(project: Project) -> None:
    """A `when` over known parameters, also through inputs, keeps what stands behind it out of the check."""
    local.check(project, document(BUILD), [], {})
    faults = refused(project, BUILD, {"build": "true"})
    assert [fault.split("'")[1] for fault in faults] == [
        "spec.templates[2].sidecars[0].securityContext.privileged",
        "spec.templates[2].sidecars[0].image",
    ]


def test_unknown_images_are_refused_with_the_reason(project: Project) -> None:
    """An image that is neither of the project nor a stock one is named with what there is."""
    spec = "entrypoint: main\ntemplates: [{name: main, container: {image: 'redis:1', command: [x]}}]"
    (fault,) = refused(project, spec)
    assert fault.startswith("Workflow uses 'spec.templates[0].container.image': image 'redis:1' is neither")


def test_functions_that_are_missing_are_refused_before_the_start(project: Project) -> None:
    """A function of `{{=...}}` that Argo has and the local runner lacks is named with its place."""
    spec = """
entrypoint: main
templates:
- name: main
  container:
    image: python:3.11-slim
    command: [echo, "{{=sprig.genPrivateKey('rsa')}}", "{{= 1 + }}"]
"""
    (fault,) = refused(project, spec)
    assert fault == (
        "Workflow uses the function 'sprig.genPrivateKey' in 'spec.templates[0].container.command[1]', "
        "which the local runner does not have. Use --on argo."
    )


def test_cluster_only_fields_are_listed(project: Project) -> None:
    """Fields that mean something on a cluster only are accepted, and one line says so."""
    said: list[str] = []

    def observe(event: local.Event) -> None:
        if isinstance(event, Said):
            said.append(event.text)

    spec = """
entrypoint: main
podGC: {strategy: OnPodSuccess}
ttlStrategy: {secondsAfterCompletion: 5}
priority: 3
templates: [{name: main, nodeSelector: {a: b}, suspend: {duration: "0"}}]
"""
    local.run(project, document(spec), observe=observe)
    assert said == [
        "No effect in a local run: spec.podGC, spec.priority, spec.ttlStrategy, templates.nodeSelector."
    ]


def test_limits_that_do_not_hold_are_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no control group can be made, whatever the number of containers; an engine sees to them."""
    spec = document("""
entrypoint: main
templates:
- {name: main, container: {image: x, command: [a], resources: {limits: {memory: 1Gi}}}}
- {name: other, script: {image: x, source: a, resources: {limits: {cpu: 500m}}}}
""").body["spec"]
    monkeypatch.setattr(cgroups, "hierarchies", tuple)
    [said] = effects.without_effect(spec, ProjectSettings())
    assert said.startswith("resources.limits do not hold in this run: ")
    assert said.endswith(": this user may make no control group for memory and cpu here.")
    assert not effects.without_effect(spec, ProjectSettings(images="docker"))
    for settings in (ProjectSettings(limits=False), ProjectSettings(limits=False, images="docker")):
        [said] = effects.without_effect(spec, settings)
        assert said.endswith(": argolane.toml says `limits = false`.")


def test_who_main_is_counts_with_real_images_alone() -> None:
    """Elsewhere a securityContext has no effect, which is said."""
    spec = {"securityContext": {"runAsUser": 5}, "templates": [{"securityContext": {"fsGroup": 5}}]}
    said = "No effect in a local run: spec.securityContext, templates.securityContext."
    assert effects.without_effect(spec, ProjectSettings()) == [said]
    assert effects.without_effect(spec, ProjectSettings(images="pull")) == []


def test_jq_that_is_not_run_here_is_named_before_the_start(project: Project) -> None:
    """A jqFilter beyond the local jq; one that jq does not understand either fails where Argo's fails."""
    faults = refused(
        project,
        """
entrypoint: main
arguments: {parameters: [{name: path, value: .data}]}
templates:
- name: main
  outputs:
    parameters:
    - {name: a, valueFrom: {jqFilter: .data.a}}
    - {name: b, valueFrom: {jqFilter: "{{workflow.parameters.path}} as $x | $x"}}
    - {name: c, valueFrom: {jqFilter: "limit(1; .data[])"}}
    - {name: d, valueFrom: {jqFilter: ".data ["}}
  resource: {action: get, manifest: '{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}'}
""",
    )
    place = (
        "Workflow uses 'spec.templates[0].outputs.parameters[{}].valueFrom.jqFilter': {} is not run locally."
    )
    assert faults == (
        place.format(1, "as") + " Use --on argo.",
        place.format(2, "limit/2") + " Use --on argo.",
    )
