"""A command line and an environment in, the settings of a server out: those of `seldon-core-microservice`.

Said once more here because the wrapper's own reader comes with the whole wrapper, which is most of the time
that a process takes to start. A test compares the two.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from typing import Any

_SERVICES = ("MODEL", "ROUTER", "TRANSFORMER", "COMBINER", "OUTLIER_DETECTOR")
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
# Flag, variable, value where neither is given: whole numbers.
_NUMBERS = (
    ("--workers", "GUNICORN_WORKERS", 1),
    ("--threads", "GUNICORN_THREADS", 1),
    ("--max-requests", "GUNICORN_MAX_REQUESTS", 0),
    ("--max-requests-jitter", "GUNICORN_MAX_REQUESTS_JITTER", 0),
    ("--keepalive", "GUNICORN_KEEPALIVE", 2),
    ("--single-threaded", "FLASK_SINGLE_THREADED", 0),
    ("--http-port", "PREDICTIVE_UNIT_HTTP_SERVICE_PORT", 9000),
    ("--grpc-port", "PREDICTIVE_UNIT_GRPC_SERVICE_PORT", 5000),
    ("--metrics-port", "PREDICTIVE_UNIT_METRICS_SERVICE_PORT", 6000),
    ("--grpc-threads", "GRPC_THREADS", 1),
    ("--grpc-workers", "GRPC_WORKERS", 1),
)
_TRUE, _FALSE = ("y", "yes", "t", "true", "on", "1"), ("n", "no", "f", "false", "off", "0")
_KINDS = {"INT": int, "FLOAT": float, "DOUBLE": float, "STRING": str}


def read(argv: Sequence[str], environ: Mapping[str, str]) -> argparse.Namespace:
    """Raises SystemExit for what the wrapper does not take either."""
    parser = argparse.ArgumentParser()
    add = parser.add_argument
    add("interface_name", help="the class: a module's name and its own, or one that both have")
    add("--service-type", choices=_SERVICES, default="MODEL")
    add("--persistence", nargs="?", default=0, const=1, type=int, help="without a use")
    add("--parameters", default=environ.get("PREDICTIVE_UNIT_PARAMETERS", "[]"))
    add("--log-level", choices=_LEVELS, default="INFO")
    add("--debug", nargs="?", type=bool, default=_said(environ, "SELDON_DEBUG"), const=True)
    add("--tracing", nargs="?", default=_whole(environ, "TRACING", 0), const=1, type=int)
    add("--pidfile", default=None)
    add("--access-log", nargs="?", type=bool, default=_said(environ, "GUNICORN_ACCESS_LOG"), const=True)
    for flag, variable, default in _NUMBERS:
        add(flag, type=int, default=_whole(environ, variable, default), help=variable)
    found, unknown = parser.parse_known_args(argv)
    if unknown:
        raise SystemExit(f"Unknown arguments {unknown}.")
    return found


def grpc_asked(found: argparse.Namespace, argv: Sequence[str], environ: Mapping[str, str]) -> bool:
    """Whether a flag or variable asks for gRPC. The wrapper starts a worker where nothing is said, too."""
    said = any(each.partition("=")[0] == "--grpc-workers" for each in argv) or "GRPC_WORKERS" in environ
    return said and found.grpc_workers > 0


def log_level(asked: str, environ: Mapping[str, str]) -> str:
    """SELDON_LOG_LEVEL goes before the flag. Raises SystemExit."""
    level = environ.get("SELDON_LOG_LEVEL", asked.upper())
    if level not in _LEVELS and level not in ("CRITICAL", "FATAL", "WARN", "NOTSET"):
        raise SystemExit(f"SELDON_LOG_LEVEL is {level!r}; expected one of {', '.join(_LEVELS)}.")
    return level


def parameters(text: str) -> dict[str, Any]:
    """What the class is made with, of PREDICTIVE_UNIT_PARAMETERS. Raises SystemExit."""
    return {str(one.get("name")): _parameter(one) for one in json.loads(text)}


def _parameter(one: Mapping[str, Any]) -> Any:
    name, value, kind = one.get("name"), one.get("value"), str(one.get("type"))
    try:
        if kind == "BOOL":
            lower = str(value).lower()
            return {**dict.fromkeys(_TRUE, True), **dict.fromkeys(_FALSE, False)}[lower]
        if kind in _KINDS:
            return _KINDS[kind](value)
    except (ValueError, KeyError):
        raise SystemExit(f"Bad model parameter: {name} with value {value} is no {kind}.") from None
    raise SystemExit(f"Bad model parameter type: {name} is {kind}; expected {', '.join(_KINDS)}, BOOL.")


def _whole(environ: Mapping[str, str], variable: str, default: int) -> int:
    given = environ.get(variable, str(default))
    try:
        return int(given)
    except ValueError:
        raise SystemExit(f"{variable} is {given!r}; expected a whole number.") from None


def _said(environ: Mapping[str, str], variable: str) -> bool:
    return environ.get(variable, "").lower() in ("1", "true", "t")
