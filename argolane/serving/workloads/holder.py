"""A port of this machine in, who listens on it out: what an error names when a port is taken."""

_SUPERVISOR = "argolane.serving.supervisor"
_LONGEST = 120


def of(port: int) -> str:
    """`process 4711 (python -m http.server 5000)`, or `Service 'x' of ...`."""
    # Only here: it is asked for when something is wrong.
    import psutil

    try:
        found = [
            there.pid
            for there in psutil.net_connections("tcp")
            if there.status == psutil.CONN_LISTEN and there.laddr and there.laddr.port == port and there.pid
        ]
        return _shown(found[0], psutil.Process(found[0]).cmdline()) if found else "another user's process"
    except psutil.Error:
        return "another process"


def _shown(pid: int, words: list[str]) -> str:
    if _SUPERVISOR in words:
        given = dict(word.removeprefix("--").partition("=")[::2] for word in words if word.startswith("--"))
        kind, name, root = (given.get(key, "") for key in ("kind", "name", "root"))
        return f"{kind} {name!r} of the project {root} (process {pid})"
    command = " ".join(words)
    shown = command if len(command) <= _LONGEST else f"{command[: _LONGEST - 3]}..."
    return f"process {pid} ({shown})"
