"""A source tree in, pushed images and their digests out: the shell script, with a stand-in for Docker.

What Docker itself does with it is proven in tests/cluster.
"""

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "workflows/parts/steps/build.sh"
# A daemon that is up when the file `up` is there, a registry that is a folder, a model that cannot be built.
DOCKER = r"""#!/bin/sh
echo "$*" >>"$STATE/calls"
path() { printf %s "$1" | tr /:@ ___; }
case "$1 ${2:-}" in
info*) [ -f "$STATE/up" ] ;;
"manifest inspect") for ref; do :; done
  [ -f "$STATE/$(path "$ref")" ] || exit 1
  printf '"Descriptor": { "digest": "%s" }\n' "$(cat "$STATE/$(path "$ref")")" ;;
"buildx version") exit 0 ;;
"buildx imagetools") printf %s "${6#*@}" >"$STATE/$(path "$5")" ;;
build*) case "$*" in *MODEL=bad_one*) echo "no such package" >&2; exit 1 ;; esac ;;
tag*) ;;
push*) sleep "${PUSHING:-0}"; for ref; do :; done; printf 'sha256:%064d' 7 >"$STATE/$(path "$ref")" ;;
"image inspect") printf '[{"RepoDigests": ["%s@sha256:%064d"]}]\n' "${3%:*}" 7 ;;
*) echo "unexpected: $*" >&2; exit 99 ;;
esac
"""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """The environment of a build of one model: a repository with one commit, and a daemon that is up."""
    source, state = tmp_path / "src", tmp_path / "state"
    for folder in (source / "models/toy_one", state, tmp_path / "bin", tmp_path / "home", tmp_path / "site"):
        folder.mkdir(parents=True)
    (source / "models/Dockerfile").write_text("FROM scratch\n")
    for name in ("toy_one/train.py", "toy_one/model.yaml", "toy_one/parts/deep/layer.py", "contract/spec.py",
                 "family/shared.py", "family/clean/model.yaml", "family/clean/train.py",
                 "family/tokens/model.yaml"):  # fmt: skip
        path = source / "models" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    git(source, "init", "-q")
    git(source, "add", ".")
    git(source, "commit", "-qm", "first")
    (tmp_path / "bin/docker").write_text(DOCKER)
    (tmp_path / "bin/docker").chmod(0o755)
    (state / "up").touch()
    return {
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "STATE": str(state),
        "IMAGES": "toy-one=toy_one",
        "TARGET": "trainer",
        "REGISTRY": "r.example.com/x",
        "VERSION": "0.1",
        "SOURCE": str(source),
        "OUTPUTS": str(tmp_path / "out"),
        "SITE": str(tmp_path / "site"),
        "WAIT": "1",
        "HOME": str(tmp_path / "home"),
    }


def git(source: Path, *command: str) -> None:
    program = ["git", "-C", str(source), "-c", "user.name=x", "-c", "user.email=x@example.com"]
    subprocess.run([*program, *command], check=True)


def build(environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(SCRIPT)], env=environ, capture_output=True, text=True, timeout=30, check=False
    )


def calls(environ: dict[str, str], verb: str) -> list[str]:
    return [c for c in Path(environ["STATE"], "calls").read_text().splitlines() if c.startswith(verb)]


def outputs(environ: dict[str, str]) -> dict[str, str]:
    return {path.name: path.read_text() for path in Path(environ["OUTPUTS"]).iterdir()}


def test_pushes_version_and_commit_and_names_the_digest(environ: dict[str, str]) -> None:
    """The image is built for its model and stage, pushed under both tags, and given on by digest."""
    result = build(environ)
    assert result.returncode == 0, result.stderr
    commit = outputs(environ)["commit"]
    assert len(commit) == 40
    assert outputs(environ)["toy-one"] == f"r.example.com/x/toy-one-trainer@sha256:{7:064d}"
    (made,) = calls(environ, "build ")
    assert "--target trainer" in made and "MODEL=toy_one" in made and "BUILDKIT_INLINE_CACHE=1" in made
    assert "--cache-from r.example.com/x/toy-one-trainer:cache" in made
    assert "--cache-from r.example.com/x/toy-one-runtime:cache" in made
    pushed = {call.rpartition(":")[2] for call in calls(environ, "push")}
    assert {"0.1", commit} <= pushed


def test_unchanged_inputs_are_not_built_again(environ: dict[str, str]) -> None:
    """A second version of the same source gets its tag in the registry, with the daemon not even up."""
    assert build(environ).returncode == 0
    Path(environ["STATE"], "up").unlink()
    first, environ["VERSION"] = outputs(environ), "0.2"
    for path in Path(environ["OUTPUTS"]).iterdir():
        path.unlink()
    result = build(environ)
    assert result.returncode == 0, result.stderr
    assert outputs(environ) == first and len(calls(environ, "build ")) == 1
    assert Path(environ["STATE"], "r.example.com_x_toy-one-trainer_0.2").is_file()


@pytest.mark.parametrize("same", [True, False])
def test_images_of_one_lock_are_pushed_one_after_the_other(environ: dict[str, str], same: bool) -> None:
    """So that the registry has the layer that both have when the second comes; others need not wait."""
    source = Path(environ["SOURCE"])
    for name, lock in (("toy_one", "numpy"), ("toy_two", "numpy" if same else "scipy")):
        (source / "models" / name).mkdir(exist_ok=True)
        (source / "models" / name / "train.lock").write_text(lock)
    git(source, "add", ".")
    git(source, "commit", "-qm", "locks")
    environ |= {"IMAGES": "toy-one=toy_one toy-two=toy_two", "PUSHING": "0.1"}
    result = build(environ)
    assert result.returncode == 0, result.stderr
    pushed = [call.partition("/x/")[2].partition(":")[0] for call in calls(environ, "push")]
    assert sorted(pushed) == ["toy-one-trainer"] * 4 + ["toy-two-trainer"] * 4
    assert (len(list(itertools.groupby(pushed))) == 2) == same


def test_a_family_with_one_lock_has_one_image(environ: dict[str, str]) -> None:
    """Its stage is `unit`, whatever the others are built for, and five outputs that name it are one build."""
    lock = Path(environ["SOURCE"], "models/family/unit.lock")
    lock.touch()
    environ["IMAGES"] = "toy-one=toy_one family=family family-clean=family family-tokens=family"
    result = build(environ)
    assert result.returncode == 0, result.stderr
    made = sorted(call.split("--target ")[1].split()[0] for call in calls(environ, "build "))
    assert made == ["trainer", "unit"]
    found = outputs(environ)
    assert found["family"] == f"r.example.com/x/family-unit@sha256:{7:064d}"
    assert found["family-clean"] == found["family-tokens"] == found["family"] != found["toy-one"]


@pytest.mark.parametrize(
    ("folder", "changed", "again"),
    [
        ("toy_one", "toy_one/train.py", True),
        ("toy_one", "toy_one/parts/deep/layer.py", True),
        ("toy_one", "contract/spec.py", True),
        ("toy_one", "contract/new/deep.py", True),
        ("toy_one", "Dockerfile", True),
        ("toy_one", "family/clean/train.py", False),
        ("toy_one", "../docs/page.md", False),
        ("family/clean", "family/clean/train.py", True),
        ("family/clean", "family/shared.py", True),
        ("family/clean", "family/tokens/model.yaml", False),
        ("family/clean", "toy_one/train.py", False),
        ("family", "family/clean/train.py", True),
        ("family", "family/shared.py", True),
        ("family", "toy_one/train.py", False),
    ],
)
def test_what_the_image_may_hold_decides_whether_it_is_built_again(
    environ: dict[str, str], folder: str, changed: str, again: bool
) -> None:
    """A file of the unit or of what units share, however deep, makes another image; other units' do not."""
    environ["IMAGES"] = f"x={folder}"
    assert build(environ).returncode == 0
    path = Path(environ["SOURCE"], "models", changed)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("changed")
    git(Path(environ["SOURCE"]), "add", ".")
    git(Path(environ["SOURCE"]), "commit", "-qm", "second")
    assert build(environ).returncode == 0
    assert len(calls(environ, "build ")) == (2 if again else 1)


def test_a_folder_further_down_has_an_image_of_its_own_name(environ: dict[str, str]) -> None:
    """The folders' names make that of the image, and MODEL is the folder as the Dockerfile knows it."""
    environ["IMAGES"] = "clean=family/clean"
    assert build(environ).returncode == 0
    assert outputs(environ)["clean"] == f"r.example.com/x/family-clean-trainer@sha256:{7:064d}"
    assert "MODEL=family/clean" in calls(environ, "build ")[0]


def test_a_folder_that_two_outputs_name_is_built_once(environ: dict[str, str]) -> None:
    """Two arms of an A/B test that are versions of one unit share its image."""
    environ["IMAGES"] = "a=toy_one b=toy_one"
    assert build(environ).returncode == 0
    assert len(calls(environ, "build ")) == 1
    assert (
        outputs(environ)["a"] == outputs(environ)["b"] == f"r.example.com/x/toy-one-trainer@sha256:{7:064d}"
    )


def test_a_daemon_that_does_not_come_up_has_its_own_exit_code(environ: dict[str, str]) -> None:
    """The wait is bounded, and ends with 42, which the template retries."""
    Path(environ["STATE"], "up").unlink()
    result = build(environ)
    assert result.returncode == 42
    assert "has not answered in 1 s" in result.stderr


def test_a_failed_build_fails_by_name(environ: dict[str, str]) -> None:
    """One model that cannot be built fails the step, tells its name and its own words, and has no output."""
    environ["IMAGES"] = "bad-one=bad_one toy-one=toy_one"
    result = build(environ)
    assert result.returncode == 1
    assert "bad_one" in result.stderr and "bad-one: no such package" in result.stdout
    assert set(outputs(environ)) == {"commit", "toy-one"}


def test_the_sites_files_are_used_where_they_are(environ: dict[str, str]) -> None:
    """A registry login is copied to where the client looks; an index and certificates are build secrets."""
    for name in ("config.json", "pip.conf", "ca.crt"):
        Path(environ["SITE"], name).write_text("{}")
    assert build(environ).returncode == 0
    assert Path(environ["HOME"], ".docker/config.json").read_text() == "{}"
    (made,) = calls(environ, "build ")
    assert f"--secret id=pip.conf,src={environ['SITE']}/pip.conf" in made and "id=ca.crt" in made


def test_shellcheck_has_nothing_to_say() -> None:
    """Plain POSIX shell: the stock image has no bash."""
    subprocess.run([Path(sys.executable).with_name("shellcheck"), "--shell", "sh", str(SCRIPT)], check=True)
