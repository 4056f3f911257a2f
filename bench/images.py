"""Nothing in, what a real image costs out: the start of a container of one, and how fast one is unpacked.

The container beside the bare process, in turns; goal: at most 30 ms over it. Unpacking an image of one gzip
layer, this Python's own library, beside `tar -xzf` of it, in turns: megabytes of the unpacked tar a second.
"""

import gzip
import hashlib
import io
import os
import re
import shutil
import statistics
import subprocess
import sysconfig
import tarfile
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from argolane.containers import sandbox
from argolane.containers.oci.layers import Root
from bench import containers

_STARTS, _UNPACKS = 60, 5
_MOST = 200 << 20


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="argolane-bench-") as folder:
        _start(Path(folder))
        _unpack(Path(folder))


def _start(place: Path) -> None:
    """`true` of this machine, with its libraries, as an image."""
    program = Path(shutil.which("true") or "/bin/true")
    said = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    for file in [program, *map(Path, re.findall(r"(/\S+)", said))]:
        target = place / "root" / file.relative_to("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
    made = sandbox.Container("bench", (str(program),), {}, image=sandbox.ImageRoot(place / "root"))
    kinds = [kind for kind in ("root", "user") if containers.works(kind)]
    taken: dict[str, list[float]] = {kind: [] for kind in ("bare", *kinds)}
    for _ in range(_STARTS):
        taken["bare"].append(containers.milliseconds("bare", containers.bare))
        for kind in kinds:
            taken[kind].append(containers.milliseconds(kind, lambda: sandbox.start(made, stdout=1).wait(60)))
    bare = statistics.median(taken["bare"])
    for kind in kinds:
        median = statistics.median(taken[kind])
        print(f"  an image's container, {kind}: {median:.1f} ms, {median - bare:.1f} ms over bare (goal 30)")


def _unpack(place: Path) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for path in sorted(Path(sysconfig.get_path("stdlib")).rglob("*")):
            if packed.tell() < _MOST and "__pycache__" not in path.parts:
                archive.add(path, str(path.relative_to("/")), recursive=False)
    content = packed.getvalue()
    layer, digest = place / "layer.tar.gz", f"sha256:{hashlib.sha256(content).hexdigest()}"
    layer.write_bytes(gzip.compress(content, 6))

    def ours(target: Path) -> None:
        root = Root(target, owners=os.geteuid() == 0)
        root.put(layer, digest, "bench")
        root.finish()

    def tar(target: Path) -> None:
        subprocess.run(["tar", "-xzf", layer, "-C", target], check=True)

    rates: dict[str, list[float]] = {"argolane": [], "tar -xzf": []}
    for _ in range(_UNPACKS):
        for name, unpack in (("argolane", ours), ("tar -xzf", tar)):
            rates[name].append(len(content) / 1e6 / _seconds(unpack, place / "target"))
    found = {name: statistics.median(all_rates) for name, all_rates in rates.items()}
    shown = ", ".join(f"{name} {rate:.0f} MB/s" for name, rate in found.items())
    share = found["argolane"] / found["tar -xzf"]
    print(f"  unpacking {len(content) / 1e6:.0f} MB: {shown} ({share:.2f} of tar)")


def _seconds(unpack: Callable[[Path], None], target: Path) -> float:
    target.mkdir()
    try:
        started = time.perf_counter()
        unpack(target)
        return time.perf_counter() - started
    finally:
        shutil.rmtree(target)
