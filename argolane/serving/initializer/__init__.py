"""Where a model lies in, the image that fetches it out: this machine's storage initializer.

Its program (fetch.py) runs in the init container of a pod and knows nothing of argolane. S3 is spoken by
boto3 in an environment of its own; folders and claims need none.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from argolane.containers import images
from argolane.project import Project

_HERE = Path(__file__).parent
_PROGRAM, _LOCK = _HERE / "fetch.py", _HERE / "initializer.lock"


def image(project: Project, arguments: Sequence[str], *, say: Callable[[str], None]) -> images.Image:
    """What runs the program with the arguments of the init container, source and target."""
    needed = _LOCK if arguments[0].startswith("s3://") else None
    return images.program(project, _PROGRAM, needed, say=say)
