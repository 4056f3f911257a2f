"""The folder of an MLflow model in, what its MLmodel file says out, and whether this image can serve it.

Read without MLflow, which takes five seconds to import and does not fit beside Seldon's wrapper.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

FILE = "MLmodel"
REQUIREMENTS = "requirements.txt"
GRAPH = "model.onnx"
_NUMBERS = ("double", "float", "integer", "long", "boolean")
# What logs a model is not what serves it.
_NOT_SERVING = ("mlflow", "mlflow-skinny", "mlflow-tracing")


@dataclass(frozen=True)
class Column:
    name: str
    type: str


@dataclass(frozen=True)
class MlModel:
    """`columns` and `outputs` are those of the signature, () where it names none."""

    columns: tuple[Column, ...] = ()
    outputs: tuple[Column, ...] = ()
    flavors: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    model_id: str = ""


def read(folder: Path) -> MlModel:
    """Raises ValueError that says what is wrong with the file."""
    file = folder / FILE
    if not file.is_file():
        there = ", ".join(sorted(path.name for path in folder.iterdir())) if folder.is_dir() else "no folder"
        raise ValueError(f"there is no {FILE} in {folder}, but {there or 'nothing'}")
    try:
        told = yaml.safe_load(file.read_text(encoding="utf-8"))
        signature = told.get("signature") or {}
        return MlModel(
            columns=tuple(c for c in _columns(signature.get("inputs")) if c.type != "tensor"),
            outputs=_columns(signature.get("outputs")),
            flavors=told.get("flavors") or {},
            metadata=told.get("metadata") or {},
            model_id=str(told.get("model_id") or told.get("run_id") or ""),
        )
    except (yaml.YAMLError, AttributeError, TypeError, KeyError, ValueError) as error:
        raise ValueError(f"{file} cannot be read ({type(error).__name__}: {error})") from None


def _columns(told: Any) -> tuple[Column, ...]:
    listed = json.loads(told) if isinstance(told, str) else told or []
    return tuple(Column(each["name"], str(each.get("type"))) for each in listed if "name" in each)


def not_numbers(columns: Iterable[Column]) -> list[str]:
    """`name (type)` of the columns that hold something else than numbers."""
    return [f"{column.name} ({column.type})" for column in columns if column.type not in _NUMBERS]


def requirements(folder: Path, model: MlModel) -> list[str]:
    """What serving needs: `serving_requirements` of the metadata, else requirements.txt beside the model.

    That is what its Python is loaded with; of an ONNX graph the runtime itself says whether it can read it.
    """
    given = model.metadata.get("serving_requirements")
    if given is None and (folder / GRAPH).is_file():
        given = []
    elif given is None:
        file = folder / REQUIREMENTS
        given = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    if isinstance(given, str):
        given = [given]
    lines = (str(line).partition(" #")[0].strip() for line in given)
    return [line for line in lines if line and not line.startswith(("#", "-"))]


def check_requirements(wanted: Iterable[str]) -> None:
    """Raises ValueError with both lists where this environment has not what the model needs."""
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    missing: dict[str, str] = {}
    for line in wanted:
        try:
            asked = Requirement(line)
        except InvalidRequirement as error:
            raise ValueError(f"its requirement {line!r} is none: {error}") from None
        if canonicalize_name(asked.name) in _NOT_SERVING or (asked.marker and not asked.marker.evaluate()):
            continue
        there = _installed(asked.name)
        if there is None or not asked.specifier.contains(there, prereleases=True):
            missing[line] = f"{asked.name} {there}" if there else f"no {asked.name}"
    if missing:
        raise ValueError(
            f"the model needs {', '.join(missing)}; this image has {', '.join(missing.values())}. Build the "
            "image with what it needs, or log the model with metadata serving_requirements, the packages "
            "that its file is loaded with"
        )


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
