"""The serving manifests as they are rendered."""

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from argolane.manifest import load
from argolane.serving.check import findings
from k8s_serving import ab_test, bandit, comments, score, shadow, single
from k8s_serving.deployment import deployment, served
from models.contract.spec import read_all

ROOT = Path(__file__).resolve().parents[2]
WEB = "score"
FILES = sorted((ROOT / "k8s_serving" / "rendered").glob("*.yaml"))
RENDERED = [path for path in FILES if path.stem != WEB]  # SeldonDeployments


def test_every_model_folder_and_every_ab_test_is_rendered() -> None:
    """A model folder is all that its manifest needs."""
    own = {unit.kebab for unit in read_all() if unit.serve and unit.metric}
    tests = {f"{question}-ab" for question in ab_test.questions()}
    assert {path.stem for path in FILES} == {
        "comments",
        "score",
        "mlscore",
        *own,
        *tests,
        "mnist-bandit",
        "mnist-bandit-3",
        "mnist-shadow",
        "mnist-ab-sticky",
    } and "mnist-ab" in tests
    made = {}
    for program in (single, ab_test, bandit, comments, score, shadow):
        made |= program.manifests()
    assert made.pop(WEB) == [document.body for document in load(FILES[[f.stem for f in FILES].index(WEB)])]
    assert made == {path.stem: load(path)[0].body for path in RENDERED}


@pytest.mark.parametrize("path", RENDERED, ids=lambda path: path.stem)
def test_rendered_deployments_hold_to_the_rules(path: Path) -> None:
    """No tag of Argo's is left, the store is read-only, and what pods ask for is small."""
    (document,) = load(path)
    assert "{{" not in path.read_text()
    assert findings(document.body) == [] and document.name == path.stem
    (predictor,) = document.body["spec"]["predictors"]
    (component,) = predictor["componentSpecs"]
    assert component["metadata"]["name"] and "serviceAccountName" not in component["spec"]
    for container in component["spec"]["containers"]:
        # Two versions of one unit are two nodes, with names of their own.
        known, name = {unit.kebab: unit for unit in read_all()}, container["name"]
        image, _, version = container["image"].rpartition(":")
        # The node of a test that keeps users on their arm is called as the one where chance decides.
        router = image.endswith("/sticky-runtime")
        unit = known["sticky"] if router else known.get(name) or known[name.rpartition("-")[0]]
        assert container["image"].endswith(f"/{unit.image('runtime')}:{version}")
        environment = {variable["name"]: variable["value"] for variable in container["env"]}
        # What is never trained has nothing in the store, and does not ask for it.
        loads = unit.metric or unit.loads != unit.name
        stored = f"/mnt/model-store/{unit.loads}/{version}" if loads else None
        assert environment.get("MODEL_DIR") == stored
        # What learns keeps it on a claim of its own, in a file of its own.
        own = f"/mnt/state/{document.name}/{name}.sqlite" if unit.name in ("bandit", "shadow") else None
        assert environment.get("STATE_FILE") == own
        mounts = {mount["name"]: mount.get("readOnly", False) for mount in container.get("volumeMounts", ())}
        assert mounts == {
            **({"model-store": True} if stored else {}),
            **({"router-state": False} if own else {}),
        }
        assert mounts.keys() <= {volume["name"] for volume in component["spec"].get("volumes", ())}
        # An image that can serve several units is told which.
        assert environment.get("UNIT") == (unit.module.removeprefix("models.") if unit.family else None)
        assert container["resources"]["requests"]["cpu"].endswith("m")
    assert predictor["svcOrchSpec"]["resources"]["requests"] == {"cpu": "50m", "memory": "64Mi"}


@pytest.mark.parametrize("path", RENDERED, ids=lambda path: path.stem)
def test_rendered_deployments_fit_the_crd(path: Path, strict_schema: Any) -> None:
    """They are valid under Seldon 1.17.1's own schema, with no field that it would cut off."""
    jsonschema.Draft202012Validator(strict_schema).validate(load(path)[0].body)


def test_the_strict_schema_can_fail(strict_schema: Any) -> None:
    """A misspelt field and a ratio that is a number are refused, so the test above means something."""
    body = load(RENDERED[0])[0].body
    predictor = body["spec"]["predictors"][0]
    validator = jsonschema.Draft202012Validator(strict_schema)
    assert not validator.is_valid({**body, "spec": {"predictors": [{**predictor, "trafic": 100}]}})
    assert not validator.is_valid({**body, "spec": {"predictors": [{**predictor, "traffic": "100"}]}})


def test_weights_that_changed_are_another_pod() -> None:
    """The digest of the version is part of the pod, so a version trained again is rolled out."""
    one, other = (
        deployment("x", graph=served(read_all()[0], image="r/x:1", digest=digest))
        for digest in ("sha256:a", "sha256:b")
    )
    assert one != other


def test_a_bandit_knows_its_arms_by_name_and_version() -> None:
    """A version that takes another's place is another arm; two arms of one unit are two nodes."""
    made = bandit.manifests()["mnist-bandit-3"]
    graph = made["spec"]["predictors"][0]["graph"]  # type: ignore[index]
    assert [child["name"] for child in graph["children"]] == ["sk-mnist-a", "tf-mnist", "sk-mnist-c"]
    given = {parameter["name"]: parameter["value"] for parameter in graph["parameters"]}
    assert given["arms"] == "sk-mnist-a:0.1,tf-mnist:0.1,sk-mnist-c:poor"
    assert (graph["type"], given["algorithm"], given["rewards"]) == ("ROUTER", "thompson", "binary")


def test_the_arms_of_a_lone_unit_are_two_versions_of_it() -> None:
    """Who has nobody to be compared with is compared with its next version, on a node of its own."""
    (unit,) = [unit for unit in read_all() if unit.name == "sk_mnist"]
    (a, a_version), (b, b_version) = ab_test.arms([unit])
    assert a is b is unit and (a_version, b_version) == ("0.1", "0.2")
    assert ab_test.node_name("sk_mnist", "a", ["sk_mnist"]) == "sk-mnist-a"
    assert ab_test.node_name("sk_mnist", "a", ["tf_mnist"]) == "sk-mnist"


def test_a_and_b_stay_who_they_are_when_a_unit_joins(monkeypatch: pytest.MonkeyPatch) -> None:
    """A third unit that answers the question can be chosen, and stands behind the two that are known."""
    known = read_all()
    (one,) = [unit for unit in known if unit.name == "sk_mnist"]
    monkeypatch.setattr(ab_test, "read_all", lambda: [one.model_copy(update={"name": "a_mnist"}), *known])
    assert [unit.name for unit in ab_test.questions()["mnist"]] == [
        "sk_mnist",
        "tf_mnist",
        "a_mnist",
        "r_mnist",
    ]


def test_the_web_service_is_one_yaml() -> None:
    """Namespace, Deployment and Service, in the order in which a cluster needs them; the selectors meet."""
    (path,) = [path for path in FILES if path.stem == WEB]
    namespace, app, service = (document.body for document in load(path))
    assert [body["kind"] for body in (namespace, app, service)] == ["Namespace", "Deployment", "Service"]
    assert {body["metadata"].get("namespace", "score") for body in (namespace, app, service)} == {"score"}
    labels = app["spec"]["template"]["metadata"]["labels"]
    for selector in (app["spec"]["selector"]["matchLabels"], service["spec"]["selector"]):
        assert selector and selector.items() <= labels.items()
    (container,) = app["spec"]["template"]["spec"]["containers"]
    (port,) = service["spec"]["ports"]
    assert port["targetPort"] == container["ports"][0]["name"] == "http"
    told = {one["name"]: one["value"] for one in container["env"]}
    assert told == {"PORT": "5000", "VERSION": "0.1", "IMAGE": container["image"]}
