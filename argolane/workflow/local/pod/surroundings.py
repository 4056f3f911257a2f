"""What a pod needs to know of its project and its run, and nothing else of the workflow around it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from argolane.containers.sandbox import Mount
from argolane.kubernetes.objects import Objects
from argolane.workflow.local.pod.artifacts import Repository
from argolane.workflow.local.pod.imagecache import ImageCache
from argolane.workflow.local.pod.streams import Tell


@dataclass(frozen=True)
class Surroundings:
    """`folder` is the pod's own, `claims` and `run_volumes` are those of the project and of the run.

    `hosts` is the file with the names of Services, if there is any. `full` is to be told of a log that no
    longer fits on the disk, `ready` of a daemon that is up, with its address. `limits` says whether those of
    containers hold.
    """

    objects: Objects
    folder: Path
    claims: Path
    run_volumes: Path
    repository: Repository
    fields: Mapping[str, str]
    log: Callable[[str], Path]
    tell: Tell
    say: Callable[[str], None]
    images: ImageCache
    started: Callable[[], None]
    full: Callable[[OSError, Path], None]
    ready: Callable[[str], None]
    hosts: tuple[Mount, ...] = ()
    limits: bool = True
