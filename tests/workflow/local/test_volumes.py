"""argolane volume: what lies in volumes of runs and in claims, here and by the program of the pod there."""

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest

from argolane.errors import ArgolaneError, UsageError
from argolane.project import Project
from argolane.workflow.cluster import look
from argolane.workflow.local import volumes
from argolane.workflow.run.volumes import Entry, target

CONTENT = bytes(range(256)) * 500


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """One claim, and one run with a volume of its own."""
    made = Project(tmp_path)
    for folder in (made.claims / "store", made.runs / "a-x1" / "volumes" / "work"):
        (folder / "deep").mkdir(parents=True)
        (folder / "deep" / "ü.bin").write_bytes(CONTENT)
        (folder / "out").symlink_to("/etc")
    (made.runs / "a-x1" / "submission.json").write_text("{}")
    return made


@pytest.mark.parametrize("place", ["store:", "a-x1:work"])
def test_folders_and_files(project: Project, place: str) -> None:
    """A folder is listed, folders first; a file is read as it is."""
    assert volumes.every(project) == ["store", "a-x1:work"]
    at = place if place.endswith(":") else f"{place}/"
    assert volumes.ls(project, target(place))[0] == Entry("deep", None)
    assert volumes.ls(project, target(f"{at}deep")) == [Entry("ü.bin", len(CONTENT))]
    assert b"".join(volumes.cat(project, target(f"{at}deep/ü.bin"))) == CONTENT


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("stroe:x", "No run or claim 'stroe'. Did you mean 'store'?"),
        ("store:deep/u.bin", "store:deep: No file or folder 'u.bin'. Did you mean 'ü.bin'?"),
        ("store:deep", "store:deep is a folder. List it"),
        ("store:out/passwd", "store:out/passwd leads out of the volume."),
    ],
)
def test_what_cannot_be_read(project: Project, text: str, told: str) -> None:
    """A misspelled name has its nearest beside it, and no link leads out of a volume."""
    with pytest.raises(ArgolaneError) as error:
        list(volumes.cat(project, target(text)))
    assert str(error.value).startswith(told)


@pytest.mark.parametrize("text", [":x", "store:../x", "store:a/../../x"])
def test_a_target_stays_in_its_volume(text: str) -> None:
    """A path that leaves the volume is refused as it is read."""
    with pytest.raises(UsageError, match="with a path inside the volume"):
        target(text)


def looked(root: Path, below: str, what: str) -> tuple[dict[str, object], bytes]:
    """What the pod's program says with its volume at `root`, and the content."""
    program = Path(look.__file__).read_text().replace('Path("/volume")', f"Path({str(root)!r})")
    done = subprocess.run(
        [sys.executable, "-c", program, below, what], capture_output=True, text=True, check=True
    )
    first, *lines = done.stdout.splitlines()
    return json.loads(first), b"".join(map(base64.b64decode, lines))


def test_the_pods_program_says_the_same(project: Project) -> None:
    """What the pod on a cluster finds: entries, a file's content, what is missing, a link that leads out."""
    root = project.claims / "store"
    assert ["deep", None] in looked(root, "", "ls")[0]["entries"]  # type: ignore[operator]
    assert looked(root, "deep/ü.bin", "cat") == ({"file": "ü.bin", "size": len(CONTENT)}, CONTENT)
    assert looked(root, "deep/ü.bin", "ls")[1] == b""
    assert looked(root, "deep/no/x", "cat")[0] == {"missing": "no", "above": "deep", "known": ["ü.bin"]}
    assert looked(root, "out/passwd", "cat")[0] == {"outside": True}
