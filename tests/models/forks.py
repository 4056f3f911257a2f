"""An interpreter in, what its programs leave behind out: forks of one process that has the libraries."""

import atexit
import contextlib
import json
import select
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

SERVER = Path(__file__).with_name("forking.py")
_LONGEST = 200.0


class Forks:
    """`libraries` are imported before the first program; those that the environment lacks are left out."""

    def __init__(self, python: Path, libraries: Sequence[str]) -> None:
        self._server = subprocess.Popen(
            [str(python), "-P", str(SERVER), *libraries],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/",
        )  # fmt: skip
        atexit.register(self.close)

    def run(
        self, arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        """As subprocess.run; `arguments` are `-m module ...` or `-c text ...`."""
        assert self._server.stdin and self._server.stdout
        with tempfile.NamedTemporaryFile("r") as stdout, tempfile.NamedTemporaryFile("r") as stderr:
            asked = {"arguments": list(arguments), "cwd": str(cwd), "env": dict(env)}
            files = {"stdout": stdout.name, "stderr": stderr.name}
            self._server.stdin.write(json.dumps(asked | files) + "\n")
            self._server.stdin.flush()
            if not select.select([self._server.stdout], [], [], _LONGEST)[0]:
                self._server.kill()
                self._server.wait()
                raise subprocess.TimeoutExpired(list(arguments), _LONGEST)
            code = int(self._server.stdout.readline())
            return subprocess.CompletedProcess(list(arguments), code, stdout.read(), stderr.read())

    @property
    def alive(self) -> bool:
        return self._server.poll() is None

    def close(self) -> None:
        assert self._server.stdin and self._server.stdout
        with contextlib.suppress(BrokenPipeError):
            self._server.stdin.close()
        self._server.wait()
        self._server.stdout.close()


_kept: dict[tuple[Path, tuple[str, ...]], Forks] = {}


def of(python: Path, libraries: tuple[str, ...]) -> Forks:
    """One for each worker of pytest, which ends with it; a new one after one that was killed."""
    found = _kept.get((python, libraries))
    if found is None or not found.alive:
        found = _kept[python, libraries] = Forks(python, libraries)
    return found
