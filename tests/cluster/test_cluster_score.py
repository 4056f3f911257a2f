"""The scoring service on a cluster, all ways of docs/scoring.md: every command of that page as it is."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from lab import ROOT, Lab, outputs, phases_of

from models.score import linear
from tests.scoring_page import answered, blocks, headings, script

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1200)]
SCORE = linear.load().score(json.loads((ROOT / "models/score/score.json").read_text())["X"])


def sh(lab: Lab, block: str, after: Mapping[str, str] | None = None, timeout: float = 600) -> str:
    """What the block wrote; the test fails with it where one of its commands does."""
    given = {
        **lab.environment,
        "PATH": f"{Path(ROOT, '.venv/bin')}:{lab.environment['PATH']}",
        "REGISTRY": lab.registry,
        "REVISION": lab.revision,
    }
    done = subprocess.run(
        ["bash", "-c", script(block, after)],
        cwd=ROOT, env=given, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout,
    )  # fmt: skip
    assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def left(lab: Lab, namespace: str) -> set[str]:
    """What stands in a namespace beside what Kubernetes puts into each of them."""
    kinds = "deployments,replicasets,pods,services,ingresses,secrets,configmaps"
    found = lab.run("kubectl", "--namespace", namespace, "get", kinds, "--output=name")
    return set(found.split()) - {"configmap/kube-root-ca.crt"}


@pytest.fixture(scope="module")
def image(installed: Lab, repository: str) -> str:
    """The image of this commit in the registry, by the page's command."""
    (block,) = blocks("The image")
    installed.environment["REPO"] = repository
    assert "Succeeded" in sh(installed, block)
    return f"{installed.registry}/score-app:0.1"


def test_every_block_of_the_page_is_known() -> None:
    """A block that somebody adds to the page is run here, or in tests/e2e/test_scoring.py."""
    here = ["The image", "One YAML", "Helm", "Seldon", "The workflow"]
    assert headings() == ["With no cluster", *here]
    assert [len(blocks(heading)) for heading in here] == [1, 2, 2, 1, 1]


def test_one_yaml(installed: Lab, image: str) -> None:
    """Created, up, asked, scaled, deleted: and then neither the objects nor their namespace are there."""
    create, rest = blocks("One YAML")
    assert answered(sh(installed, create), "score") == pytest.approx(SCORE)
    ready = "kubectl -n score get deployment score -o jsonpath='ready={.status.readyReplicas} '"
    assert "ready=2 " in sh(installed, rest, {"kubectl -n score get": ready})
    assert "NotFound" in installed.run("kubectl", "get", "namespace", "score", ok=False)


def test_helm(installed: Lab, image: str) -> None:
    """Installed, asked, upgraded, rolled back, uninstalled: each does what it says, and nothing is left."""
    first, rest = blocks("Helm")
    said = sh(installed, first)
    assert "STATUS: deployed" in said and "score 0.1 with 1 replica in score-chart." in said
    assert answered(said, "version") == "0.1"
    shown = (
        "kubectl -n score-chart get deployment/score service/score "
        "-o jsonpath='{.items[0].status.readyReplicas} {.items[1].spec.ports[0].port}{\"\\n\"}'"
    )
    kinds = "deployments,replicasets,pods,services,ingresses,secrets"
    nothing = (
        "kubectl -n score-chart wait --for=delete pod --all --timeout=60s >/dev/null; "
        f"echo left: $(kubectl -n score-chart get {kinds} -o name)."
    )
    after = {"helm upgrade": shown, "helm rollback": shown, "helm uninstall": nothing}
    lines = sh(installed, rest, after).splitlines()
    assert "2 8080" in lines and "1 5000" in lines and "left: ." in lines
    assert "NotFound" in installed.run("kubectl", "get", "namespace", "score-chart", ok=False)


def test_what_helm_refuses_changes_nothing(installed: Lab) -> None:
    """A value that the schema does not know ends the install before the cluster hears of it."""
    command = ["helm", "install", "score", "k8s_serving/chart", "-n", "score-wrong", "--create-namespace"]
    said = installed.run(*command, "--set", "replica=2", ok=False)
    assert "additional properties 'replica' not allowed" in said
    assert "NotFound" in installed.run("kubectl", "get", "namespace", "score-wrong", ok=False)


def test_the_workflow(installed: Lab, image: str) -> None:
    """Rolled out and verified; a version with no image is told, and the good one put back; then all goes."""
    (block,) = blocks("The workflow")
    roll, *rest = block.splitlines()
    sh(installed, roll)
    bad = installed.submit("score", registry=installed.registry, version="9.9", deploy_timeout="30")
    status = installed.ended(bad, within=300)
    assert status["phase"] == "Failed"
    phases = phases_of(status)
    assert phases["settled"] == "Succeeded" and phases["put-back"] == "Succeeded"  # settled: of the put-back
    assert "score-app:9.9" in outputs(status, "explain")["reason"]
    deployment = installed.read("deployment", "score")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    told = {one["name"]: one["value"] for one in container["env"]}
    assert (told["VERSION"], told["IMAGE"]) == ("0.1", container["image"])
    assert deployment["status"]["availableReplicas"] == deployment["status"]["updatedReplicas"] == 1
    sh(installed, "\n".join(rest))
    installed.kubectl("wait", "--for=delete", "pod", "-l", "app.kubernetes.io/name=score", "--timeout=60s")
    assert not {one for one in left(installed, "argolane") if one.endswith("/score")}


def test_the_component_of_seldon(seldon: Lab, image: str) -> None:
    """The same code behind Seldon's executor gives the same score; nothing of it is left afterwards."""
    (block,) = blocks("Seldon")
    answer = answered(sh(seldon, block), "data")
    assert answer["names"] == ["score"] and answer["ndarray"][0] == [pytest.approx(SCORE)]
    selector = "seldon-deployment-id=mlscore"
    seldon.kubectl("wait", "--for=delete", "pod", "-l", selector, "--timeout=60s")
    assert not {one for one in left(seldon, "argolane") if "mlscore" in one}
