"""A served class in, its answers to the cases out: how they are asked, recorded and compared.

What depends on the process, its id and the ports, is a word in what is kept.
"""

import base64
import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wrapper_cases import COMPONENTS, ENVIRONMENT, Case

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
RECORDED = HERE / "recorded"
LOOPBACK = ROOT / "argolane" / "serving" / "inside"  # nobody but this machine can ask
KEPT = (
    "Content-Type",
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Methods",
    "Allow",
    "Vary",
    "Location",
)


@dataclass(frozen=True)
class Ports:
    http: int
    metrics: int
    grpc: int


@contextlib.contextmanager
def serving(
    command: list[str], name: str, log: Path, *, module: str = "", grpc: bool = False, **env: str
) -> Iterator[Ports]:
    """`command` with the class's name behind it, once it answers, over gRPC as well where it is asked for."""
    with contextlib.ExitStack() as stack:
        free = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(3)]
        ports = Ports(*(each.getsockname()[1] for each in free))
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{LOOPBACK}:{ROOT}:{HERE}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "GRPC_WORKERS": str(int(grpc)),
        "PREDICTIVE_UNIT_GRPC_SERVICE_PORT": str(ports.grpc),
        "PREDICTIVE_UNIT_HTTP_SERVICE_PORT": str(ports.http),
        "PREDICTIVE_UNIT_METRICS_SERVICE_PORT": str(ports.metrics),
        **ENVIRONMENT.get(name, {}),
        **env,
    }
    module = module or ("wrapper_components" if name in COMPONENTS else "wrapper_classes")
    argv = [*command, f"{module}.{name}", "--service-type", "MODEL"]
    with log.open("wb") as output:
        process = subprocess.Popen(argv, cwd=HERE, env=environment, stdout=output, stderr=output,
                                   start_new_session=True)  # fmt: skip
    try:
        end = time.monotonic() + 60
        while not all(map(_open, (ports.http, ports.metrics, *([ports.grpc] if grpc else [])))):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{name} does not serve:\n{log.read_text()}")
            time.sleep(0.1)
        yield ports
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _open(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def ask(case: Case, ports: Ports) -> dict[str, Any]:
    """The answer as it is kept: status, the headers that a client may read, the body."""
    connection = http.client.HTTPConnection(
        "127.0.0.1", ports.metrics if case.metrics else ports.http, timeout=30
    )
    with contextlib.closing(connection):
        connection.request(case.method, case.path, case.sent or None, case.headers)
        answer = connection.getresponse()
        body = answer.read()
        headers = {name: answer.getheader(name) for name in KEPT if answer.getheader(name) is not None}
    for port in (ports.http, ports.metrics):
        headers = {name: text.replace(f":{port}", ":PORT") for name, text in headers.items() if text}
    kept: dict[str, Any] = {"status": answer.status, "headers": headers}
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return {**kept, "base64": base64.b64encode(body).decode()}
    return {**kept, "body": timeless(text)}


def timeless(text: str) -> str:
    text = re.sub(r'worker_id="\d+"', 'worker_id="PID"', text)
    return re.sub(r"0x[0-9a-f]{8,}", "0xADDRESS", text)


def request(case: Case) -> dict[str, Any]:
    """The request as it is kept beside the answer, for those who read."""
    kept: dict[str, Any] = {"method": case.method, "path": case.path, "headers": case.headers}
    if case.metrics:
        kept["port"] = "metrics"
    try:
        return {**kept, "body": case.sent.decode()}
    except UnicodeDecodeError:
        return {**kept, "base64": base64.b64encode(case.sent).decode()}


def difference(was: dict[str, Any], found: dict[str, Any]) -> str | None:
    """Where the answers differ; a JSON body is compared as what it says, NaN as itself."""
    for key in ("status", "headers"):
        if _unordered(was[key]) != _unordered(found[key]):
            return f"{key} {found[key]}; recorded {was[key]}"
    if was.get("base64") != found.get("base64") or meaning(was) != meaning(found):
        return f"body {found.get('body', found.get('base64'))!r}; recorded {was.get('body', was.get('base64'))!r}"
    return None


def _unordered(kept: Any) -> Any:
    """Headers, without the order of the methods that are allowed: it is another in each process."""
    return {**kept, "Allow": sorted(kept.get("Allow", "").split(", "))} if isinstance(kept, dict) else kept


def meaning(answer: dict[str, Any]) -> Any:
    body = answer.get("body", "")
    if answer["headers"].get("Content-Type") == "application/json":
        with contextlib.suppress(ValueError):
            return json.loads(body, parse_constant=str)
    return body
