"""A container's environment in, one in which its servers listen on 127.0.0.1 alone out.

It holds for Python, which all images of the local runner are; `inside/sitecustomize.py` does it there.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from argolane.containers.sandbox import Mount

_INSIDE = Path(__file__).resolve().parent / "inside"
FOLDER = Mount(_INSIDE, str(_INSIDE), read_only=True)
"""What the container must see."""


def environment(given: Mapping[str, str]) -> dict[str, str]:
    path = [str(_INSIDE), *filter(None, [given.get("PYTHONPATH")])]
    # The wrapper's gRPC server is none of Python's, and listens everywhere; nothing here would ask it.
    return {**given, "PYTHONPATH": os.pathsep.join(path), "GRPC_WORKERS": "0"}
