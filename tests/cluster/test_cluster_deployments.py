"""Five quick recordings of Deployments again on the real cluster: what ours is held to is what it does.

All of them: tests/conformance/deployments/record.py --check.
"""

import pytest
from deployment_case import DeploymentCase, differences
from lab import Lab
from lab_cluster import LabCluster
from playing import play

SAMPLE = ("rollback", "selector-changed", "init-two", "service-two-deployments", "refused-selector-missing")

pytestmark = pytest.mark.cluster


@pytest.mark.parametrize("name", SAMPLE)
def test_recorded_case(name: str, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cluster does with the case's steps what expected.json says."""
    monkeypatch.setenv("PATH", lab.environment["PATH"])
    case = DeploymentCase(name)
    with LabCluster(lab.environment["KUBECONFIG"], f"conf-{name}") as cluster:
        assert list(differences(case.expected, play(case.steps, cluster))) == []
