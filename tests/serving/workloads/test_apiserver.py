"""One API server for every kind: what it keeps, by namespace, and what it refuses by name."""

from typing import Any

import pytest

from argolane.errors import ArgolaneError, ManifestError
from argolane.project import Project
from argolane.serving.apiserver import ApiServer

TEXTS = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "site"}, "data": {"a": "1", "b": "2"}}


def test_kinds_that_need_a_cluster_are_refused_by_name(api: ApiServer, project: Project) -> None:
    """All of a file at once, before anything of it is there."""
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"}}
    typo = {"apiVersion": "apps/v1", "kind": "Deploymnet", "metadata": {"name": "d"}}
    old = {"apiVersion": "extensions/v1beta1", "kind": "Deployment", "metadata": {"name": "d"}}
    nameless = {"apiVersion": "v1", "kind": "Secret"}
    number = {**TEXTS, "data": {"a": 1}}
    first, second, third, fourth, fifth = api.check([TEXTS, job, typo, old, nameless, number])
    assert first.startswith("Job 'j': kind: No kind 'Job'. There are: ConfigMap, Deployment, Namespace,")
    assert second.startswith("Deploymnet 'd': kind: No kind 'Deploymnet'. Did you mean 'Deployment'?")
    assert third == "Deployment 'd': apiVersion: is 'extensions/v1beta1'; expected apps/v1."
    assert fourth == "Secret None: metadata.name: is required."
    assert fifth == "ConfigMap 'site': data.a: is 1; expected text (write it in quotes)."
    with pytest.raises(ManifestError, match="No kind 'Job'"):
        api.apply(job)
    assert api.list("ConfigMap") == []


def test_apply_says_what_it_did(api: ApiServer) -> None:
    """created, unchanged, configured; what an earlier apply had and this one has not goes, the rest stays."""
    assert api.apply(TEXTS).verb == "created"
    assert api.apply(TEXTS).verb == "unchanged"
    api.patch("ConfigMap", "site", {"data": {"c": "3"}})
    assert api.apply({**TEXTS, "data": {"a": "9"}}).verb == "configured"
    found = api.get("ConfigMap", "site")
    assert found
    assert found["data"] == {"a": "9", "c": "3"}
    with pytest.raises(ArgolaneError, match="ConfigMap 'site' exists already"):
        api.create(TEXTS)
    assert api.delete("ConfigMap", "site")
    assert not api.delete("ConfigMap", "site")
    assert api.get("ConfigMap", "site") is None


def test_namespaces_are_apart_and_go_with_what_is_in_them(api: ApiServer, project: Project, web: Any) -> None:
    """The same names in two of them; a Deployment has the Secrets of its own; the Namespace ends it all."""
    port = web.free_port()
    own = {**TEXTS, "data": {"VERSION": "own"}}
    other = {**TEXTS, "metadata": {"name": "site", "namespace": "far"}, "data": {"VERSION": "far"}}
    main = web.container() | {"envFrom": [{"configMapRef": {"name": "site"}}]}
    for body in (
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "far"}},
        own,
        other,
        web.service(port, namespace="far"),
        web.deployment("web", main, namespace="far"),
    ):
        assert api.apply(body).verb == "created"
    web.up(api, namespace="far")
    assert web.until(lambda: web.get(port))["env"]["VERSION"] == "far"
    assert api.list("Deployment") == []
    assert [body["metadata"]["name"] for body in api.list("Deployment", namespace="far")] == ["web"]
    assert api.delete("Namespace", "far")
    assert web.processes(project.root) == []
    assert not (project.state / "namespaces" / "far").exists()
    assert api.get("ConfigMap", "site")
    assert api.get("ConfigMap", "site", namespace="far") is None
