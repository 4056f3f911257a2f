"""A trained version in the model store in, its accuracy and digest out: lets only good models pass.

Stands between training and serving, and in front of every deployment: what is not there, or is worse than
asked for, never reaches a SeldonDeployment. Environment: MODEL_STORE, MODEL, VERSION, MIN_ACCURACY, OUTPUTS.
"""

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path


def measured(folder: Path) -> tuple[float, str]:
    """(accuracy, data set) of the version in `folder`; SystemExit says what is missing or broken."""
    model, version = folder.parent.name, folder.name
    if not folder.is_dir():
        there = sorted(f.name for f in folder.parent.glob("*") if f.is_dir() and not f.name.startswith("."))
        sys.exit(
            f"No version {version!r} of {model} in the model store. There are: {', '.join(there) or 'none'}. "
            f"Train it first: workflow train-{model.replace('_', '-')} with version={version}."
        )
    if not (folder / "model.onnx").is_file():
        sys.exit(f"Version {version!r} of {model} has no model.onnx. Train it again with overwrite=true.")
    try:
        metrics = json.loads((folder / "metrics.json").read_text())
        return float(metrics["accuracy"]), str(metrics["dataset"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        sys.exit(f"Version {version!r} of {model}: metrics.json cannot be used ({error!r}).")


def origin(folder: Path) -> dict[str, str]:
    """Where the version comes from, as training wrote it down."""
    try:
        lineage = json.loads((folder / "lineage.json").read_text())
    except (OSError, ValueError):
        lineage = {}
    return {
        key: str(lineage.get(field) or "") for key, field in (("data", "data_sha256"), ("commit", "commit"))
    }


def main(environ: Mapping[str, str] = os.environ) -> None:
    folder = Path(environ["MODEL_STORE"], environ["MODEL"], environ["VERSION"])
    least = float(environ["MIN_ACCURACY"])
    accuracy, dataset = measured(folder)
    described = f"{folder.parent.name} {folder.name}: accuracy {accuracy:.4f} on {dataset}"
    if not accuracy >= least:  # a NaN is not good enough either
        sys.exit(f"{described}; min-accuracy is {least}. Train it better, or ask for less.")
    print(f"{described}, at least {least} was asked for")
    outputs = Path(environ["OUTPUTS"])
    outputs.mkdir(parents=True, exist_ok=True)
    (outputs / "accuracy").write_text(str(accuracy))
    digest = hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    for name, value in {"digest": f"sha256:{digest}", **origin(folder)}.items():
        (outputs / name).write_text(value)


if __name__ == "__main__":
    main()
