"""An estimator in, a folder in MLflow's format out: scikit-learn's, beside it the store's ONNX graph.

MLmodel says both flavours, the signature, and what a server answers as tags.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models.contract.version import Version
from models.data.wine import FEATURES, Wines

# What skops does not trust by itself and the estimators are made of: arrays of a tree, and lists of a stack.
TRUSTED = ["sklearn.tree._tree.Tree", "sklearn.utils._bunch.Bunch"]
ONNX = "model.onnx"


def write(
    place: Path, about: Mapping[str, Any], *, model: Any, version: Version, folder: Path, data: Wines
) -> None:
    """`about` is what mlflow.models.Model takes; `folder` the version's in the model store."""
    import mlflow.sklearn
    import numpy as np
    from mlflow.models import Model
    from mlflow.models.signature import ModelSignature
    from mlflow.types.schema import ColSpec, DataType, Schema, TensorSpec

    from models.wine.report import frame

    # What serves takes the graph, and so needs nothing of what has learned.
    told = {**about["metadata"], "serving_requirements": []}
    described = Model(**{**about, "metadata": told})
    mlflow.sklearn.save_model(
        model,
        str(place),
        mlflow_model=described,
        signature=ModelSignature(
            Schema([ColSpec(DataType.float, name) for name in FEATURES]),
            Schema([TensorSpec(np.dtype(np.float32), (-1, 1), "quality")]),
        ),
        input_example=frame(data.x_test[:1]),
        pip_requirements=_requirements(),  # inferring them would take ten seconds
        skops_trusted_types=TRUSTED,
        serialization_format="skops",
    )
    (place / ONNX).write_bytes((folder / ONNX).read_bytes())
    described.add_flavor("onnx", data=ONNX, onnx_version=version.versions.get("onnx", ""))
    described.save(str(place / "MLmodel"))


def _requirements() -> list[str]:
    """What the scikit-learn flavour needs; the ONNX graph needs a runtime for it, and nothing of these."""
    from importlib.metadata import version

    return [f"{name}=={version(name)}" for name in ("numpy", "scikit-learn", "skops")]
