"""Nothing in, milliseconds a container out: start to end of `true`, bare and in each kind of isolation.

The bare process and the containers take turns, so that a busy machine slows all of them alike. Goal: at most
15 ms more than the bare process.
"""

import contextlib
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from argolane.containers import sandbox, spawner
from argolane.errors import ArgolaneError

_ENV = {"PATH": os.environ["PATH"]}


def measure(times: int = 100) -> dict[str, list[float]]:
    """Milliseconds of each turn by kind: `bare`, and the kinds of isolation that this machine allows."""
    kinds = ["bare", *filter(works, ("root", "user", "none"))]
    taken: dict[str, list[float]] = {kind: [] for kind in kinds}
    with tempfile.TemporaryDirectory() as folder:
        store, tmp = Path(folder, "store"), Path(folder, "tmp")
        store.mkdir()
        tmp.mkdir()
        mounts = (sandbox.Mount(store, "/mnt/store"),)
        container = sandbox.Container("bench", ("/bin/true",), _ENV, mounts=mounts, tmp=tmp)
        for _ in range(times):
            for kind in kinds:
                run = bare if kind == "bare" else lambda: sandbox.start(container, stdout=1).wait(60)
                taken[kind].append(milliseconds(kind, run))
    return taken


def main() -> None:
    taken = measure()
    bare = statistics.median(taken.pop("bare"))
    print(f"bare process: median {bare:.1f} ms")
    for kind, all_taken in taken.items():
        median, worst = statistics.median(all_taken), statistics.quantiles(all_taken, n=10)[-1]
        over = median - bare
        print(
            f"isolation {kind}: median {median:.1f} ms, p90 {worst:.1f} ms, {over:.1f} ms over bare (goal 15)"
        )


def bare() -> object:
    return subprocess.run(["/bin/true"], env=_ENV, stdin=subprocess.DEVNULL, check=True)


def milliseconds(kind: str, run: Callable[[], object]) -> float:
    with _forced(kind) if kind != "bare" else contextlib.nullcontext():
        started = time.perf_counter()
        run()
        return (time.perf_counter() - started) * 1e3


def works(kind: str) -> bool:
    try:
        with _forced(kind):
            return sandbox.isolation() == kind
    except ArgolaneError:
        return False


@contextlib.contextmanager
def _forced(kind: str) -> Iterator[None]:
    before = os.environ.get(spawner.ENVIRONMENT_VARIABLE)
    os.environ[spawner.ENVIRONMENT_VARIABLE] = kind
    try:
        yield
    finally:
        del os.environ[spawner.ENVIRONMENT_VARIABLE]
        if before is not None:
            os.environ[spawner.ENVIRONMENT_VARIABLE] = before


if __name__ == "__main__":
    main()
