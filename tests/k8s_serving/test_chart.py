"""Values in, the objects of the chart out: rendered by helm itself, where it is installed."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from k8s_serving import score
from k8s_serving.deployment import REGISTRY
from k8s_serving.web import service

CHART = Path(__file__).resolve().parents[2] / "k8s_serving" / "chart"
HELM = shutil.which("helm")
needs_helm = pytest.mark.skipif(HELM is None, reason="helm is not installed")
VALUES = yaml.safe_load((CHART / "values.yaml").read_text())


def helm(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(HELM), *arguments]
    return subprocess.run(command, cwd=CHART, capture_output=True, text=True, check=False, timeout=60)


def template(*settings: str) -> dict[str, Any]:
    """The objects by kind; each of the settings is `key=value`, the value as JSON."""
    flags = [flag for setting in settings for flag in ("--set-json", setting)]
    done = helm("template", "release", ".", "--namespace", "space", *flags)
    assert done.returncode == 0, done.stderr
    bodies = [body for body in yaml.safe_load_all(done.stdout) if body]
    return {body["kind"]: body for body in bodies}


def pod(made: dict[str, Any]) -> Any:
    return made["Deployment"]["spec"]["template"]["spec"]


def container(made: dict[str, Any]) -> Any:
    return pod(made)["containers"][0]


def env(made: dict[str, Any], name: str) -> str:
    return next(str(one["value"]) for one in container(made)["env"] if one["name"] == name)


def rule(made: dict[str, Any]) -> Any:
    return made["Ingress"]["spec"]["rules"][0]


INGRESS = 'ingress={"enabled": true}'
ACTS: dict[str, tuple[list[str], Any, Any]] = {
    # path of a value: (settings, what it is read from, what that must be)
    "name": (['name="other"'], lambda m: {b["metadata"]["name"] for b in m.values()}, {"other"}),
    "replicas": (["replicas=3"], lambda m: m["Deployment"]["spec"]["replicas"], 3),
    "image.repository": (['image.repository="r:5/x"'], lambda m: container(m)["image"], "r:5/x:0.1"),
    "image.tag": (['image.tag="7"'], lambda m: (container(m)["image"][-2:], env(m, "VERSION")), (":7", "7")),
    "image.pullPolicy": (
        ['image.pullPolicy="Always"'],
        lambda m: container(m)["imagePullPolicy"],
        "Always",
    ),
    "imagePullSecrets": (
        ['imagePullSecrets=["a", "b"]'],
        lambda m: pod(m)["imagePullSecrets"],
        [{"name": "a"}, {"name": "b"}],
    ),
    "ports.container": (
        ["ports.container=8080"],
        lambda m: (env(m, "PORT"), container(m)["ports"][0]["containerPort"]),
        ("8080", 8080),
    ),
    "ports.service": (["ports.service=80"], lambda m: m["Service"]["spec"]["ports"][0]["port"], 80),
    "service.type": (['service.type="NodePort"'], lambda m: m["Service"]["spec"]["type"], "NodePort"),
    "resources.requests": (
        ['resources.requests={"cpu": "2"}'],
        lambda m: container(m)["resources"]["requests"]["cpu"],
        "2",
    ),
    "resources.limits": (
        ['resources.limits.memory="1Gi"'],
        lambda m: container(m)["resources"]["limits"]["memory"],
        "1Gi",
    ),
    "ingress.enabled": ([INGRESS], lambda m: rule(m)["host"], "score.example.com"),
    "ingress.className": (
        [INGRESS, 'ingress.className="nginx"'],
        lambda m: m["Ingress"]["spec"]["ingressClassName"],
        "nginx",
    ),
    "ingress.host": ([INGRESS, 'ingress.host="h.example.com"'], lambda m: rule(m)["host"], "h.example.com"),
    "ingress.path": ([INGRESS, 'ingress.path="/s"'], lambda m: rule(m)["http"]["paths"][0]["path"], "/s"),
    "ingress.annotations": (
        [INGRESS, 'ingress.annotations={"a": "1"}'],
        lambda m: m["Ingress"]["metadata"]["annotations"],
        {"a": "1"},
    ),
    "ingress.tlsSecret": (
        [INGRESS, 'ingress.tlsSecret="s"'],
        lambda m: m["Ingress"]["spec"]["tls"][0],
        {"hosts": ["score.example.com"], "secretName": "s"},
    ),
}


def leaves(tree: Any, path: str = "") -> set[str]:
    """The paths of all values; requests and limits are values of their own, and so is an empty mapping."""
    if not isinstance(tree, dict) or not tree or path in ("resources.requests", "resources.limits"):
        return {path}
    return {leaf for key, part in tree.items() for leaf in leaves(part, f"{path}.{key}".lstrip("."))}


def test_every_value_has_a_case() -> None:
    """What values.yaml has is tried below: a value that does nothing is found."""
    assert set(ACTS) == leaves(VALUES)


@needs_helm
@pytest.mark.parametrize("value", ACTS)
def test_a_value_acts(value: str) -> None:
    """Each of the values changes what helm makes, and at its default it was something else."""
    settings, read, expected = ACTS[value]
    assert read(template(*settings)) == expected
    try:
        before = read(template(*settings[:-1]))
    except KeyError:
        return
    assert before != expected


@needs_helm
def test_lint_finds_nothing() -> None:
    """`helm lint --strict`, with the defaults and with an Ingress."""
    for flags in ((), ("--set", "ingress.enabled=true")):
        done = helm("lint", "--strict", ".", *flags)
        assert done.returncode == 0, done.stdout


@needs_helm
def test_the_defaults_make_what_the_yaml_has() -> None:
    """The chart and the builder of the one YAML make the same objects, but for Helm's labels."""
    made = template()
    known = {"Deployment": score.app(image=f"{REGISTRY}/score-app:0.1", version="0.1")}
    known["Service"] = service(score.NAME)
    assert made.keys() == known.keys()
    container(made).pop("imagePullPolicy")
    for kind, body in known.items():
        labels = made[kind]["metadata"]["labels"]
        assert labels.items() >= body["metadata"]["labels"].items()
        made[kind]["metadata"]["labels"] = body["metadata"]["labels"]
        assert made[kind] == body


@needs_helm
@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("replica=2", "additional properties 'replica' not allowed"),
        ("replicas=-1", "minimum: got -1, want 0"),
        ('replicas="2"', "got string, want integer"),
        ("ports.container=80", "minimum: got 80, want 1,024"),
        ("ports.service=70000", "maximum: got 70,000, want 65,535"),
        ('service.type="External"', "value must be one of 'ClusterIP', 'NodePort', 'LoadBalancer'"),
        ('name="Score"', "'Score' does not match pattern"),
        ('image.repository="with space"', "does not match pattern"),
        ('image.tag="a:b"', "does not match pattern"),
        ('resources.limits.memory="1 GB"', "does not match pattern"),
        ('ingress.path="x"', "does not match pattern"),
    ],
)
def test_what_the_schema_refuses(setting: str, words: str) -> None:
    """A wrong value is named by helm, with what it may be, before anything is made."""
    done = helm("template", "release", ".", "--set-json", setting)
    assert done.returncode == 1 and words in done.stderr, done.stderr


@needs_helm
def test_names_that_yaml_reads_otherwise_stay_names() -> None:
    """A release for `true` has objects of that name, not of a boolean's."""
    assert {body["metadata"]["name"] for body in template('name="true"').values()} == {"true"}


@needs_helm
@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("replicas=2", "with 2 replicas in space"),
        ("ports.service=80", "port-forward service/score 5000:80"),
        ('service.type="NodePort"', "ADDRESS-OF-A-NODE:$port/healthz"),
        ('service.type="LoadBalancer"', "curl http://EXTERNAL-IP:5000/healthz"),
        (INGRESS, "curl http://score.example.com/healthz"),
    ],
)
def test_the_notes_tell_how_to_ask(setting: str, words: str, tmp_path: Path) -> None:
    """What helm prints after an install fits the values; with no cluster it must be rendered as a value."""
    chart = tmp_path / "chart"
    shutil.copytree(CHART, chart)
    (chart / "templates" / "NOTES.txt").rename(chart / "notes.txt")
    (chart / "templates" / "notes.yaml").write_text(
        'kind: Notes\ntext: {{ tpl (.Files.Get "notes.txt") . | quote }}\n'
    )
    done = helm("template", "release", str(chart), "--namespace", "space", "--set-json", setting)
    assert done.returncode == 0, done.stderr
    (notes,) = [b for b in yaml.safe_load_all(done.stdout) if b and b["kind"] == "Notes"]
    assert words in notes["text"]
