"""A deployment's folder in, what its containers print out: of the pods there are, of the life asked for."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from argolane.errors import ArgolaneError, unknown
from argolane.serving.logs import lives
from argolane.serving.store import Store, has_ended


@dataclass(frozen=True)
class Log:
    """The part of a file that one life of a container has written; `end` is None for the one that goes on."""

    pod: str
    container: str
    file: Path
    start: int
    end: int | None

    @property
    def shown(self) -> str:
        return f"{self.pod}/{self.container}"


def of(here: Store, *, container: str | None, previous: bool) -> list[Log]:
    """A container each. ArgolaneError for a container that no pod has, or that had one life alone."""
    files = [(pod.name, file) for pod in _pods(here) for file in sorted(pod.glob("*.txt"))]
    if container is not None:
        known = {file.stem for _, file in files}
        files = [(pod, file) for pod, file in files if file.stem == container]
        if known and not files:
            raise ArgolaneError(unknown("container", container, known, where=f"{here.name}: "))
    if not previous:
        return [Log(pod, file.stem, file, lives(file)[-1], None) for pod, file in files]
    found = []
    for pod, file in files:
        begun = lives(file)
        if len(begun) > 1:
            found.append(Log(pod, file.stem, file, begun[-2], begun[-1]))
    if not found:
        which = f"container {container!r} of {here.name!r}" if container else f"container of {here.name!r}"
        raise ArgolaneError(f"No {which} was started again: there is no log of before.")
    return found


def _pods(here: Store) -> Iterator[Path]:
    """The folders of those that there are; of the last one, where there is none."""
    try:
        every = [path for path in (here.folder / "logs").iterdir() if path.is_dir()]
    except FileNotFoundError:
        return
    every.sort(key=lambda path: path.stat().st_mtime)
    yield from [pod for pod in every if not has_ended(pod)] or every[-1:]
