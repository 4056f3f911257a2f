"""What scripts/install puts into a cluster: it works twice, and workflows may no more than they need."""

import json
import re

import pytest

pytestmark = pytest.mark.cluster
ACCOUNT = "system:serviceaccount:argolane:argolane-workflow"

MAY = [
    "create workflowtaskresults.argoproj.io",
    "patch workflowtaskresults.argoproj.io",
    "get seldondeployments.machinelearning.seldon.io",
    "create seldondeployments.machinelearning.seldon.io",
    "patch seldondeployments.machinelearning.seldon.io",
    "get deployments.apps",
    "list deployments.apps",
    "create deployments.apps",
    "patch deployments.apps",
    "get services",
    "create services",
    "patch services",
    "get pods",
    "list pods",
    "get pods/log",
]
MAY_NOT = [
    "delete seldondeployments.machinelearning.seldon.io",
    "update seldondeployments.machinelearning.seldon.io",
    "patch seldondeployments.machinelearning.seldon.io/status",
    "get workflowtaskresults.argoproj.io",
    "delete workflowtaskresults.argoproj.io",
    "create workflows.argoproj.io",
    "patch workflows.argoproj.io",
    "patch workflowtemplates.argoproj.io",
    "create pods",
    "delete pods",
    "create pods/exec",
    "get secrets",
    "list secrets",
    "get configmaps",
    "delete deployments.apps",
    "update deployments.apps",
    "delete services",
    "create deployments.apps/scale",
    "delete persistentvolumeclaims",
    "create roles.rbac.authorization.k8s.io",
    "create rolebindings.rbac.authorization.k8s.io",
    "create serviceaccounts/token",
    "impersonate serviceaccounts",
]


def can(lab, question: str, *more: str) -> str:
    """yes or no to `verb resource.group/subresource`; kubectl would take the last part for a name."""
    verb, resource, part = re.fullmatch(r"(\w+) ([^/]+)/?(.*)", question).groups()
    subresource = [f"--subresource={part}"] if part else []
    asked = ["auth", "can-i", verb, resource, *subresource, f"--as={ACCOUNT}", *more]
    return lab.kubectl(*asked, ok=False).split()[0]


@pytest.mark.parametrize("question", MAY)
def test_account_may(installed, question: str) -> None:
    """What a step needs, it may."""
    assert can(installed, question) == "yes"


@pytest.mark.parametrize("question", MAY_NOT)
def test_account_may_not(installed, question: str) -> None:
    """Nothing beyond that in its own namespace."""
    assert can(installed, question) == "no"


@pytest.mark.parametrize("question", MAY)
def test_account_may_nothing_elsewhere(installed, question: str) -> None:
    """Its Role ends at the namespace."""
    assert can(installed, question, "--namespace=default") == "no"


def test_default_account_may_nothing(installed) -> None:
    """The pods of served models run as `default`, which may not even read pods, and gets no token."""
    answer = installed.kubectl(
        "auth", "can-i", "list", "pods", "--as=system:serviceaccount:argolane:default", ok=False
    )
    assert answer.split()[0] == "no"
    assert installed.read("serviceaccount", "default")["automountServiceAccountToken"] is False


def test_install_twice_changes_nothing(installed) -> None:
    """A second install leaves every object at the version it had."""
    kinds = "role,rolebinding,serviceaccount,pvc,limitrange,resourcequota,workflowtemplates"

    def versions() -> dict[str, int]:
        items = installed.read(kinds)["items"]
        return {f"{i['kind']}/{i['metadata']['name']}": i["metadata"].get("generation", 0) for i in items}

    before = versions()
    installed.run("scripts/install", "lab")
    assert versions() == before


def test_credentials_become_a_pull_secret(installed) -> None:
    """A login from the environment becomes the dockerconfigjson of builds and pulls, and leaves no copy."""
    given = ["REGISTRY=example.com", "REGISTRY_USER=someone", 'REGISTRY_PASSWORD=quo"te$']
    try:
        installed.run("env", *given, "scripts/credentials")
        secret = installed.read("secret", "registry")
        assert secret["type"] == "kubernetes.io/dockerconfigjson"
        assert "annotations" not in secret["metadata"]
        shown = installed.kubectl(
            "get", "secret", "registry", "--output=jsonpath={.data.\\.dockerconfigjson}"
        )
        login = installed.run("base64", "--decode", text=shown)
        auth = json.loads(login)["auths"]["example.com"]["auth"]
        assert installed.run("base64", "--decode", text=auth) == 'someone:quo"te$'
    finally:
        installed.kubectl("delete", "secret", "registry", "--ignore-not-found")


def test_credentials_with_nothing_set_say_so(installed) -> None:
    """Without any of its variables the script fails and names them."""
    said = installed.run("env", "-u", "REGISTRY_MIRROR", "-u", "CA_FILE", "scripts/credentials", ok=False)
    assert "REGISTRY_PASSWORD" in said
