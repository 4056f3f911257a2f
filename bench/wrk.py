"""A URL and a request in, wrk's figures out: a client in C, of which a server in Python is never the faster.

`make wrk` installs it; where it is not, bench.load asks with argolane's own client.
"""

import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


def found() -> bool:
    return shutil.which("wrk") is not None


def measure(url: str, body: bytes, *, clients: int, seconds: int) -> tuple[float, float, float]:
    """Requests a second, p50 and p99 in milliseconds. RuntimeError where a request failed."""
    with tempfile.TemporaryDirectory() as folder:
        # A string of JSON is one of Lua, but for what stands beyond ASCII, which is escaped otherwise.
        text = json.dumps(body.decode("ascii"))
        script = Path(folder) / "request.lua"
        script.write_text(
            f'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\nwrk.body = {text}\n'
        )
        command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--latency", "-s", str(script), url]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if wrong := re.search(r"(Non-2xx.*|Socket errors.*)", told):
        raise RuntimeError(f"{url}: wrk: {wrong[0]}")
    rate = re.search(r"Requests/sec: +([\d.]+)", told)
    cuts = {
        name: float(value) * _MS[unit]
        for name, value, unit in re.findall(r"(50|99)% +([\d.]+)(us|ms|s|m)", told)
    }
    if rate is None or len(cuts) != 2:
        raise RuntimeError(f"{url}: wrk said {told!r}")
    return float(rate[1]), cuts["50"], cuts["99"]
