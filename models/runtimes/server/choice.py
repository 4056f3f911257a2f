"""A command line and an environment in, `seldon` or `fast` out: the one place that decides it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

MODELS = Path(__file__).resolve().parents[2]
SERVERS = ("seldon", "fast")
DEFAULT = "seldon"  # of a class that is none of ours, and where model.yaml names none
VARIABLE = "MODEL_SERVER"

# What our server leaves to the stock one: the environment variable and the flag that ask for it.
STOCK_ONLY = {
    "GUNICORN_WORKERS": ("--workers", 1),
    "GUNICORN_MAX_REQUESTS": ("--max-requests", 0),
    "GRPC_WORKERS": ("--grpc-workers", 1),
    "TRACING": ("--tracing", 0),
    "SELDON_DEBUG": ("--debug", 0),
}


def chosen(argv: Sequence[str], environ: Mapping[str, str]) -> tuple[str, str]:
    """The server, and a sentence where it is another than was asked for. Raises SystemExit."""
    wanted = environ.get(VARIABLE) or _of_unit(argv)
    if wanted not in SERVERS:
        raise SystemExit(f"server is {wanted!r}; expected one of {', '.join(SERVERS)}")
    if wanted == "fast":
        for variable, (flag, least) in STOCK_ONLY.items():
            given = _flag(argv, flag) or environ.get(variable, "")
            if given.lower() not in ("", "false", "f", str(least), "0"):
                return (
                    "seldon",
                    f"{variable}={given} is for Seldon's own server: it serves in place of the fast one.",
                )
    return wanted, ""


def _of_unit(argv: Sequence[str]) -> str:
    """What the model.yaml says: models.comments.clean.predict.Model is of models/comments/clean."""
    name = next((each for each in argv if not each.startswith("-")), "")
    parts = name.split(".")
    if len(parts) < 4 or parts[0] != MODELS.name:
        return DEFAULT
    folder = MODELS.joinpath(*parts[1:-2])
    file = folder / "model.yaml"
    if not file.is_file():
        # A server of ours for models of any kind, which is no unit: MLFLOW_SERVER's.
        return "fast" if (folder / "predict.py").is_file() else DEFAULT
    said = yaml.safe_load(file.read_text()) or {}
    serve = said.get("serve")
    return str(serve.get("server", DEFAULT)) if isinstance(serve, dict) else DEFAULT


def _flag(argv: Sequence[str], flag: str) -> str:
    for at, each in enumerate(argv):
        name, equals, value = each.partition("=")
        if name == flag:
            following = argv[at + 1] if at + 1 < len(argv) else ""
            return value if equals else following if following and not following.startswith("-") else "true"
    return ""
