"""A container's environment in, one in which its servers listen on 127.0.0.1 alone out.

For Python `inside/sitecustomize.py` does it; a server in another language reads MODEL_HOST.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from argolane.containers.sandbox import Mount
from argolane.serving.grpc_asked import WORKERS

_INSIDE = Path(__file__).resolve().parent / "inside"
FOLDER = Mount(_INSIDE, str(_INSIDE), read_only=True)
"""What the container must see."""


def environment(given: Mapping[str, str], *, grpc: bool = False) -> dict[str, str]:
    """`grpc`: whether it has the gRPC workers that it says, or none: see grpc_asked."""
    path = [str(_INSIDE), *filter(None, [given.get("PYTHONPATH")])]
    workers = {} if grpc else {WORKERS: "0"}
    return {**given, "MODEL_HOST": "127.0.0.1", "PYTHONPATH": os.pathsep.join(path), **workers}
