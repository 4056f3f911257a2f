"""Command lines of Python on stdin, one JSON a line; each runs in a fork of this process, exit codes out.

For tests that start many programs of one environment: what is imported here, the names in argv, costs once.
Standard library only, for it runs in the environments of models.
"""

import contextlib
import importlib
import json
import os
import runpy
import sys
from typing import Any


def become(asked: dict[str, Any]) -> None:
    """What `python arguments` does in that folder, with that environment and those files as output."""
    for number, name in enumerate((os.devnull, asked["stdout"], asked["stderr"])):
        file = os.open(name, os.O_RDWR)
        os.dup2(file, number)
        os.close(file)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    how, what, *rest = asked["arguments"]
    given = [entry for entry in asked["env"].get("PYTHONPATH", "").split(os.pathsep) if entry]
    sys.path[:] = [asked["cwd"], *given, *sys.path[1:]]
    importlib.invalidate_caches()
    sys.argv = [what if how == "-m" else "-c", *rest]
    if how == "-m":
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102


def main() -> None:
    for name in sys.argv[1:]:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            become(json.loads(line))
            return
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
