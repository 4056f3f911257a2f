"""A site of one's own (docs/operations.md): registry, package index and repository ask for a login."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from image_contents import configuration_and_layers
from lab import NAMESPACE, ROOT, Lab, outputs
from private_site import LOGIN, PASSWORD, USER, Site, site

from tests.credentials import in_layer, in_text

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1500)]
SECRETS = ("registry", "package-index", "git")


@pytest.fixture
def private(installed: Lab, repository: str, tmp_path: Path) -> Iterator[Site]:
    """Its servers, their logins in the cluster, and an overlay whose clones log in; then all as it was."""
    overlay = tmp_path / "overlay"
    overlay.mkdir()
    setup = os.path.relpath(ROOT / "k8s_setup", overlay)
    (overlay / "kustomization.yaml").write_text(
        f"resources: [{setup}/overlays/lab]\ncomponents: [{setup}/components/private-git]\n"
    )
    with site(installed, tmp_path) as made:
        given = {"USER": USER, "PASSWORD": PASSWORD}
        logins = [f"{what}_{name}={value}" for what in ("REGISTRY", "GIT") for name, value in given.items()]
        host = made.registry.partition("/")[0]
        installed.run(
            "env", f"REGISTRY={host}", f"PIP_INDEX_URL={made.index}", *logins, "scripts/credentials"
        )
        installed.run("scripts/install", str(overlay))
        try:
            yield made
        finally:
            installed.kubectl("delete", "secret", "--ignore-not-found", *SECRETS)
            installed.run("scripts/install", "lab")


def test_everything_asks_for_a_login(installed: Lab, private: Site) -> None:
    """A clone, a build, a push and a node's pull go through with the logins that the cluster was given."""
    run = installed.build("train-sk-mnist", f"{private.git}/argolane.git", "private",
                          registry=private.registry, epochs="2", accept="0.5")  # fmt: skip
    status = installed.succeeded(run, within=1200)
    assert outputs(status, "gate")["commit"] == installed.revision
    assert outputs(status, "build")["sk-mnist"].startswith(f"{private.registry}/sk-mnist-trainer@sha256:")
    assert private.asked["git"] > 1 and private.asked["index"] > 10
    assert not left_in(installed, outputs(status, "build")["sk-mnist"], {"Authorization": LOGIN})


def test_a_login_that_is_left_in_an_image_would_be_found(installed: Lab, tmp_path: Path) -> None:
    """In a file of a layer, and in the environment, which is in the image's configuration."""
    (tmp_path / "Dockerfile").write_text(
        f"FROM scratch\nCOPY pip.conf /app/\nENV PIP_INDEX_URL=https://{USER}:{PASSWORD}@index/simple\n"
    )
    (tmp_path / "pip.conf").write_text(f"[global]\nindex-url = https://{USER}:{PASSWORD}@index/simple\n")
    image = installed.image("planted:test", tmp_path, "Dockerfile")
    shown = [str(installed.script), "docker", "image", "inspect", "--format={{index .RepoDigests 0}}", image]
    found = left_in(installed, installed.run(*shown).strip())
    assert "configuration" in found and any(name.endswith("app/pip.conf") for name in found)


def left_in(lab: Lab, image: str, headers: Mapping[str, str] = {}) -> dict[str, str]:
    """Logins of the site and what looks like one, in the image's configuration, history and layers."""
    known = [f"{USER}:{PASSWORD}", LOGIN.partition(" ")[2]]
    found = {}
    for name, content in configuration_and_layers(image, lab.environment["LAB_CA"], headers):
        if name == "configuration":
            hit = in_text(content.read().decode(), known)
            found |= {name: hit} if hit else {}
        else:
            found |= {f"{name} {path}": hit for path, hit in in_layer(content, known).items()}
        content.close()
    return found


def test_without_its_login_the_clone_says_so(installed: Lab, private: Site) -> None:
    """A wrong password ends the run with the words of the server, not with an image of something else."""
    installed.run("env", f"GIT_USER={USER}", "GIT_PASSWORD=wrong", "scripts/credentials")
    repo = f"{private.git}/argolane.git"
    run = installed.build("train-sk-mnist", repo, "refused", registry=private.registry)
    status = installed.ended(run, within=300)
    assert status["phase"] in ("Failed", "Error")
    told = installed.run("argo", "get", "-n", NAMESPACE, "--no-color", run)
    assert "authentication required" in told or "authorization failed" in told
