"""What an ONNX file says of itself decides: its width, its output of any name, and what is wrong with it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.models.conftest import TRAINING, run

pytestmark = pytest.mark.environments

# Each case: outputs {name: weights [2, k]}, width of the input, the class and its attributes.
SCRIPT = """
import json, sys
from pathlib import Path
import numpy as np
import onnx
from onnx import TensorProto, helper
from models.contract import version
from models.contract.metric import Metric
from models.runtimes import onnx_rows, regression
from models.runtimes.export import OPSET, packed

def graph(outputs, width):
    nodes, constants, infos = [], [], []
    for name, weights in outputs.items():
        constants.append(onnx.numpy_helper.from_array(np.array(weights, np.float32), f"w_{name}"))
        nodes.append(helper.make_node("MatMul", ["rows", f"w_{name}"], [name]))
        infos.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, len(weights[0])]))
    rows = helper.make_tensor_value_info("rows", TensorProto.FLOAT, [None, width])
    made = helper.make_graph(nodes, "g", [rows], infos, constants)
    return packed(helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)]))

def load(folder, outputs, width, kind, attributes):
    folder.mkdir()
    (folder / "model.onnx").write_bytes(graph(outputs, width))
    files = version.hashes(folder, ["model.onnx"])
    data = version.Data("d", "d (1/1)", "0", {})
    version.write(folder, version.Version(
        unit="u", version="1", files=files, decides=["model.onnx"], digest=version.digest(files, files),
        metric=Metric("rmse", 1.0, "lower"), scores={}, data=data, params={}, code="", commit=None,
        dirty=None, image=None, seconds=0.0, versions={}))
    base = {"classes": onnx_rows.OnnxClassifier, "numbers": regression.OnnxRegression}[kind]
    model = type("Model", (base,), attributes)(str(folder))
    model.load()
    return model

for number, (outputs, width, kind, attributes, rows) in enumerate(json.loads(sys.argv[1])):
    try:
        model = load(Path(sys.argv[2], str(number)), outputs, width, kind, attributes)
        told = {"answers": model.predict(rows).tolist(), "names": model.class_names()}
    except (RuntimeError, ValueError) as error:
        told = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(told))
"""
ONE, TWO, HALVES = [[1], [10]], [[1, 0], [0, 1]], [[1, 0], [0, 1]]
CASES: dict[str, tuple[Any, ...]] = {
    "any name": ({"progression": ONE}, 2, "numbers", {}, [[0.25, 2]]),
    "two values": ({"y": TWO}, 2, "numbers", {}, [[3, 4]]),
    "named values": ({"y": TWO}, 2, "numbers", {"values": ["low", "high"]}, [[3, 4]]),
    "the one that is said": ({"y": ONE, "spread": ONE}, 2, "numbers", {"output": "y"}, [[1, 1]]),
    "two outputs": ({"y": ONE, "spread": ONE}, 2, "numbers", {}, [[1, 1]]),
    "an output that is not there": ({"y": ONE}, 2, "numbers", {"output": "z"}, [[1, 1]]),
    "no width": ({"y": ONE}, None, "numbers", {}, [[1, 1]]),
    "too many names": ({"y": ONE}, 2, "numbers", {"values": ["a", "b"]}, [[1, 1]]),
    "no probabilities": ({"y": HALVES}, 2, "classes", {}, [[1, 0]]),
    "infinite": ({"y": ONE}, 2, "numbers", {}, [[float("inf"), 1]]),
    "above": ({"y": ONE}, 2, "numbers", {"low": 0, "high": 1, "hint": "Divide."}, [[1, 2]]),
}


@pytest.fixture(scope="module")
def told(trainer: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What each case answered, by its name."""
    folder = tmp_path_factory.mktemp("onnx")
    done = run(trainer, "-c", SCRIPT, json.dumps(list(CASES.values())), folder, libraries=TRAINING)
    assert done.returncode == 0, done.stderr
    return dict(zip(CASES, map(json.loads, done.stdout.splitlines()), strict=True))


@pytest.mark.parametrize(
    ("case", "answers", "names"),
    [
        ("any name", [[20.25]], ["progression"]),
        ("two values", [[3, 4]], ["y:0", "y:1"]),
        ("named values", [[3, 4]], ["low", "high"]),
        ("the one that is said", [[11]], ["y"]),
    ],
)
def test_an_output_may_have_any_name(
    told: dict[str, Any], case: str, answers: list[Any], names: list[str]
) -> None:
    """Its values come as they are, floats as floats, under its own name or those of predict.py."""
    assert told[case] == {"answers": answers, "names": names}


@pytest.mark.parametrize(
    ("case", "words"),
    [
        (
            "two outputs",
            "its outputs are y (tensor(float)), spread (tensor(float)); expected one of floats; say",
        ),
        ("an output that is not there", "its outputs are y (tensor(float)); expected 'z'"),
        ("no width", "model.onnx takes rows [None, None]; expected one input [n, features]"),
        ("too many names", "it gives 1 values for a row; `values` names 2"),
        ("no probabilities", "it answers [[0.0, 0.0]] of shape (1, 2); expected probabilities"),
        ("infinite", "BadInput: The values are 1 to inf; expected rows of 2 numbers: shape [n, 2]."),
        (
            "above",
            "BadInput: The values are 1 to 2; expected rows of 2 numbers in 0..1: shape [n, 2]. Divide.",
        ),
    ],
)
def test_what_is_wrong_is_said(told: dict[str, Any], case: str, words: str) -> None:
    """With what is there, and what is expected; a file that cannot be served does not load."""
    assert words in told[case]["error"]
