"""Rows of pixels in, what serve.R answers out: the served program itself, started and asked over HTTP.

A training asks it whether it answers as what was trained did, and so may a notebook. A deployment runs the
program alone.
"""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
import weakref
from pathlib import Path
from typing import Any

import numpy as np

SERVER = Path(__file__).resolve().parent / "serve.R"
WAIT = 60.0


class Model:
    """`folder` is the version's; without it MODEL_DIR says which. The program ends with the object."""

    def __init__(self, folder: str | None = None) -> None:
        self.folder = folder or os.environ.get("MODEL_DIR", "")
        self._url = ""

    def load(self) -> None:
        """Start it and wait until it is healthy. Raises RuntimeError with what it said."""
        command = shutil.which("Rscript")
        if command is None:
            raise RuntimeError("there is no Rscript on PATH; on Debian: `make r`")
        ports = {name: str(_free()) for name in ("HTTP", "METRICS")}
        told = {f"PREDICTIVE_UNIT_{name}_SERVICE_PORT": port for name, port in ports.items()}
        process = subprocess.Popen(
            [command, "--vanilla", str(SERVER)],
            env={**os.environ, **told, "MODEL_DIR": self.folder, "MODEL_HOST": "127.0.0.1"},
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        self._end = weakref.finalize(self, _ended, process)
        self._url = f"http://127.0.0.1:{ports['HTTP']}"
        until = time.monotonic() + WAIT
        while time.monotonic() < until:
            try:
                with urllib.request.urlopen(f"{self._url}/health/status", timeout=5):  # noqa: S310 - loopback
                    return
            except OSError:
                if process.poll() is not None and process.stderr:
                    raise RuntimeError(process.stderr.read().decode(errors="replace").strip()) from None
                time.sleep(0.1)
        self._end()
        raise RuntimeError(f"{SERVER.name} is not healthy after {WAIT:.0f} s")

    def predict(self, X: Any, names: Any = None, meta: Any = None) -> np.ndarray:
        """Probabilities [n, 10] for rows [n, 784]. Raises ValueError with its answer if that is an error."""
        body = json.dumps({"data": {"ndarray": np.asarray(X).tolist()}}).encode()
        kind = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self._url}/predict", body, kind)  # noqa: S310 - loopback
        try:
            with urllib.request.urlopen(request, timeout=300) as answer:  # noqa: S310 - loopback
                return np.asarray(json.load(answer)["data"]["ndarray"])
        except urllib.error.HTTPError as error:
            raise ValueError(error.read().decode(errors="replace")) from None


def _free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _ended(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()
    if process.stderr:
        process.stderr.close()
