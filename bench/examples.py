"""How many of a folder's workflows run as they are: `python -m bench.examples FOLDER [--argolane PROGRAM]`.

Each file with a Workflow is run alone, in an empty folder with no argolane.toml, with no network and a bound
on its time; WorkflowTemplates and ConfigMaps that stand in other files of the folder are given beside it, as
they would be on a cluster. Argo's own examples are the folder that this was made for.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from argolane.errors import ManifestError
from argolane.manifest import load

_TEMPLATES = ("WorkflowTemplate", "ClusterWorkflowTemplate")
_OBJECTS = ("ConfigMap", "Secret", "PersistentVolumeClaim")


@dataclass(frozen=True)
class Outcome:
    """`how`: Succeeded, Failed, Error, refused, or `goes on` when its time was over."""

    name: str
    how: str
    seconds: float
    why: str = ""

    @property
    def ran(self) -> bool:
        """It was not refused: what it did then is the workflow's own business."""
        return self.how != "refused"


@cache
def kinds(path: Path) -> set[str]:
    """The kinds of a file's documents; none when it is no manifest."""
    try:
        return {document.kind for document in load(path)}
    except ManifestError:
        return set()


def run(file: Path, root: Path, program: str, seconds: float, beside: bool) -> Outcome:
    """Run one file, and say how it ended."""
    others = [path for path in sorted(root.rglob("*.yaml")) if path != file] if beside else []
    templates = [path for path in others if kinds(path) & set(_TEMPLATES)]
    objects = [path for path in others if (found := kinds(path)) and found <= set(_OBJECTS)]
    folder = Path(tempfile.mkdtemp(prefix="examples-"))
    for each in objects:
        applied = [program, "apply", "-f", str(each)]
        subprocess.run(applied, cwd=folder, capture_output=True, check=False, timeout=60)
    began = time.monotonic()
    process = subprocess.Popen(
        [*_without_network(), program, "run", str(file), *map(str, templates), "-o", "json"],
        cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        out, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.terminate()
        out, errors = process.communicate()
        out = json.dumps({"phase": "goes on"})
    took = time.monotonic() - began
    shutil.rmtree(folder, ignore_errors=True)
    name = str(file.relative_to(root))
    try:
        phase = str(json.loads(out)["phase"])
    except (ValueError, KeyError):
        faults = [line.removeprefix("Error: ") for line in errors.splitlines() if line.startswith("Error: ")]
        return Outcome(name, "refused", took, " | ".join(faults) or errors[-300:])
    said = [line for line in errors.splitlines() if "Error" in line or "Failed" in line]
    return Outcome(
        name, phase, took, said[-1].strip() if phase not in ("Succeeded", "goes on") and said else ""
    )


def _without_network() -> Iterator[str]:
    """A network of its own, with a loopback and nothing else, where the machine allows one."""
    words = ["unshare", "--net", "--map-root-user"] if os.getuid() else ["unshare", "--net"]
    allowed = (
        shutil.which("unshare")
        and not subprocess.run([*words, "true"], check=False, capture_output=True).returncode
    )
    yield from [*words, "sh", "-c", 'ip link set lo up 2>/dev/null; exec "$@"', "sh"] if allowed else []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--argolane", default=str(Path(sys.executable).with_name("argolane")))
    parser.add_argument("--seconds", type=float, default=60, help="for each; what goes on then is ended")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--alone", action="store_true", help="give no other files beside each")
    parser.add_argument("--json", type=Path, help="write every outcome there")
    options = parser.parse_args()
    root = options.folder.resolve()
    files = [path for path in sorted(root.rglob("*.yaml")) if "Workflow" in kinds(path)]
    with ThreadPoolExecutor(options.jobs) as pool:
        found = list(pool.map(
            lambda path: run(path, root, options.argolane, options.seconds, not options.alone), files
        ))  # fmt: skip
    for outcome in found:
        if not outcome.ran or outcome.how in ("Failed", "Error"):
            print(f"{outcome.how:9} {outcome.name}: {outcome.why}")
    ran = sum(outcome.ran for outcome in found)
    counts = ", ".join(f"{count} {how}" for how, count in Counter(o.how for o in found).most_common())
    print(f"{ran} of {len(found)} run as they are ({ran / max(len(found), 1):.0%}): {counts}.")
    if options.json:
        options.json.write_text(
            json.dumps([asdict(outcome) for outcome in found], indent=1), encoding="utf-8"
        )


if __name__ == "__main__":
    main()
