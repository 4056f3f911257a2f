"""The real executor's flags and environment in, a checked graph and settings out."""

import argparse
import base64
import binascii
import dataclasses
import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from argolane.errors import ArgolaneError, UsageError, unknown
from argolane.kubernetes import quantities
from argolane.serving.graph import REST_TIMEOUT, ROUTING_INJECTION, Graph, milliseconds, read
from argolane.serving.orchestrator.server import LARGEST_REQUEST
from argolane.serving.ports import HOST

# Where the operator's downward API volume has the pod's annotations.
PODINFO = Path("/etc/podinfo/annotations")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Flags as the operator gives them; UsageError for what only the real executor can do."""
    flags = _parser().parse_args(arguments)
    for flag, allowed in (
        ("protocol", ("seldon",)),
        ("transport", ("rest", "grpc")),
        ("server_type", ("rpc",)),
    ):
        if (value := getattr(flags, flag)) not in allowed:
            had = " and ".join(map(repr, allowed))
            raise UsageError(f"--{flag} is {value!r}; this graph server has only {had}.")
    return flags


def graph(flags: argparse.Namespace, environment: Mapping[str, str]) -> tuple[Graph, dict[str, str]]:
    """The graph, and the image of each of its containers. Raises ArgolaneError."""
    given = read_predictor(flags.file, flags.predictor, environment)
    found = read(given)
    if environment.get(ROUTING_INJECTION):
        found = dataclasses.replace(found, injection=True)
    own = _of_pod()
    if (timeout := _timeout(own)) is not None:
        found = dataclasses.replace(found, timeout=timeout)
    found = found.with_annotations(own)
    return found, images(given)


def read_predictor(file: str, name: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """The predictor's spec; `file` may hold it alone or a whole SeldonDeployment."""
    if file:
        # Only here: the operator gives no file, and the process is to be up soon.
        import yaml

        where = file
        try:
            found = yaml.safe_load(Path(file).read_text())
        except (OSError, yaml.YAMLError) as error:
            raise ArgolaneError(f"{file}: cannot be read: {error}") from None
    elif encoded := environment.get("ENGINE_PREDICTOR"):
        where = "ENGINE_PREDICTOR"
        try:
            found = json.loads(base64.b64decode(encoded))
        except (binascii.Error, ValueError) as error:
            raise ArgolaneError(f"ENGINE_PREDICTOR is not base64 of JSON: {error}") from None
    else:
        raise UsageError("No graph: give --file, or set ENGINE_PREDICTOR to the predictor as base64 of JSON.")
    if isinstance(found, dict) and "spec" in found:
        predictors = (found["spec"] or {}).get("predictors") or []
        found = next((p for p in predictors if p.get("name") == name), None)
        if found is None:
            raise ArgolaneError(
                unknown("predictor", name, [p.get("name", "") for p in predictors], where=f"{where}: ")
            )
    if not isinstance(found, dict):
        raise ArgolaneError(f"{where}: expected a predictor's spec, an object with name and graph.")
    return found


def images(given: Mapping[str, Any]) -> dict[str, str]:
    """The image of each container."""
    containers = (
        container
        for component in given.get("componentSpecs") or []
        for container in (component.get("spec") or {}).get("containers") or []
    )
    return {container.get("name", ""): container.get("image", "") for container in containers}


def _of_pod() -> dict[str, str]:
    """The annotations that the pod has: the operator puts those of the SeldonDeployment there."""
    try:
        lines = PODINFO.read_text().splitlines()
    except OSError:
        return {}
    found = {}
    for line in lines:
        name, _, value = line.partition("=")
        try:
            found[name] = str(json.loads(value))
        except ValueError:
            found[name] = value
    return found


def _timeout(annotations: Mapping[str, str]) -> float | None:
    given = annotations.get(REST_TIMEOUT, "")
    try:
        return milliseconds(given)
    except ValueError:
        raise ArgolaneError(
            f"{PODINFO}: {REST_TIMEOUT} is {given!r}; expected milliseconds, such as '5000'."
        ) from None


_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}


def duration(text: str) -> float:
    """Go's `1m30s` as seconds."""
    if text != "0" and not re.fullmatch(f"({_DURATION.pattern})+", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no duration; expected '15s' or '500ms', say")
    return sum(float(number) * _SECONDS[unit] for number, unit in _DURATION.findall(text))


def size(text: str) -> int:
    """`100M` as bytes."""
    found = quantities.amount(text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no size; expected '100M' or '64Mi', say")
    return int(found)


def _truth(text: str) -> bool:
    if text.lower() in ("true", "t", "1"):
        return True
    if text.lower() in ("false", "f", "0"):
        return False
    raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="orchestrator", allow_abbrev=False)
    add = parser.add_argument
    add("--sdep", required=True, help="name of the SeldonDeployment")
    add("--namespace", required=True)
    add("--predictor", required=True, help="name of the predictor")
    add("--file", default="", help="the predictor or its SeldonDeployment as YAML or JSON")
    add("--http_port", type=int, default=8080)
    add("--grpc_port", type=int, default=5000, help="0: no gRPC, and none of the memory that it takes")
    # A pod's port is for all, that of a laptop is not.
    everywhere = "KUBERNETES_SERVICE_HOST" in os.environ
    add("--bind", default="0.0.0.0" if everywhere else HOST, help="the address to listen at")  # noqa: S104
    add("--prometheus_path", default="/metrics")
    add("--graceful_timeout", type=duration, default=15.0, help="for requests in flight after a signal")
    add("--shutdown_delay", type=duration, default=0.0, help="served on for so long after a signal")
    add("--full_health_checks", type=_truth, nargs="?", const=True, default=False)
    add("--largest_request", type=size, default=LARGEST_REQUEST, help="bytes of a body; more are a 413")
    add("--protocol", default="seldon")
    add("--transport", default="rest")
    add("--server_type", default="rpc")
    # Taken, as the operator gives them, and without a use: no payload logging.
    for unused in (
        "log_work_buffer_size", "log_write_timeout_ms", "logger_workers", "hostname", "config",
        "log_level",
    ):  # fmt: skip
        add(f"--{unused}", help=argparse.SUPPRESS)
    add("--debug", type=_truth, nargs="?", const=True, help=argparse.SUPPRESS)
    return parser
