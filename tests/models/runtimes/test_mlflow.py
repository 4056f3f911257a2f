"""A model that MLflow wrote, served without MLflow: asked in any order; what is refused at start."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.models.conftest import TRAINING, python_of, run
from tests.models.serving import Server, served

pytestmark = pytest.mark.environments

LOADED = ("numpy", "sklearn.ensemble", "skops.io")
NAMES = ["acid", "sugar", "alcohol"]
# 1, 10 and 100 times the columns: their order shows.
GRAPH = """
import sys
import numpy as np
import onnx
from onnx import TensorProto, helper
from models.runtimes.export import OPSET, packed
weights = onnx.numpy_helper.from_array(np.array([[1], [10], [100]], np.float32), "w")
rows = helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, 3])
out = helper.make_tensor_value_info("variable", TensorProto.FLOAT, [None, 1])
node = helper.make_node("MatMul", ["features", "w"], ["variable"])
graph = helper.make_graph([node], "g", [rows], [out], [weights])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
open(sys.argv[1], "wb").write(packed(model))
"""
FOREST = """
import sys
import numpy as np, skops.io
from sklearn.ensemble import ExtraTreesRegressor
rows = np.array([[0, 0, 0], [1, 1, 1]])
skops.io.dump(ExtraTreesRegressor(5, random_state=0).fit(rows, [0, 1]), sys.argv[1])
"""
LOAD = """
import sys
from models.mlflow_server.predict import Model
model = Model(sys.argv[1])
try:
    model.load()
    print(model.predict([[1, 1, 1]]).tolist(), model.tags().get("version"))
except RuntimeError as error:
    print(error)
"""
ABOUT = {"unit": "wine", "version": "0.2", "digest": "sha256:abc", "dataset": "wine (1/1)"}


def describe(
    folder: Path, *, columns: Any = None, flavors: Any = None, requirements: str = "", **about: Any
) -> Path:
    """The folder with an MLmodel file as MLflow 3 writes it, as far as it is read: JSON is YAML."""
    folder.mkdir(parents=True, exist_ok=True)
    inputs = columns or [{"type": "double", "name": name, "required": True} for name in NAMES]
    told = {
        "flavors": flavors or {"python_function": {}},
        "metadata": {**ABOUT, **about},
        "signature": {"inputs": json.dumps(inputs), "outputs": None},
    }
    (folder / "MLmodel").write_text(json.dumps(told))
    (folder / "requirements.txt").write_text(requirements)
    return folder


@pytest.fixture(scope="module")
def server_python() -> Path:
    """Python with what the prepackaged server is made of."""
    return python_of("mlflow_server/runtime.lock")


@pytest.fixture(scope="module")
def graph(trainer: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    file = tmp_path_factory.mktemp("graph") / "model.onnx"
    done = run(trainer, "-c", GRAPH, file, libraries=TRAINING)
    assert done.returncode == 0, done.stderr
    return file.read_bytes()


@pytest.fixture(scope="module")
def server(server_python: Path, graph: bytes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The wrapper with such a model, as the operator starts it: the folder is a parameter."""
    folder = describe(tmp_path_factory.mktemp("mlflow"))
    (folder / "model.onnx").write_bytes(graph)
    parameters = json.dumps([{"name": "model_uri", "value": str(folder), "type": "STRING"}])
    with served(
        server_python, "mlflow_server", Path("/nowhere"), folder.parent / "log.txt",
        PREDICTIVE_UNIT_PARAMETERS=parameters, MODEL_REGISTRY_VERSION="7",
    ) as there:  # fmt: skip
        yield there


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"ndarray": [[1, 2, 3]]}},
        {"data": {"names": NAMES, "ndarray": [[1, 2, 3]]}},
        {"data": {"names": NAMES[::-1], "ndarray": [[3, 2, 1]]}},
        {"data": {"names": NAMES[::-1], "tensor": {"shape": [1, 3], "values": [3, 2, 1]}}},
        {"data": {"names": ["t:0", "t:1", "t:2"], "ndarray": [[1, 2, 3]]}},
        {"data": {"names": ["x0", "x1", "x2"], "ndarray": [[1, 2, 3]]}},
        {"jsonData": {"dataframe_split": {"columns": NAMES[::-1], "data": [[3, 2, 1]]}}},
        {"jsonData": {"dataframe_records": [{"sugar": 2, "alcohol": 3, "acid": 1}]}},
    ],
)
def test_columns_in_any_order(server: Server, body: Any) -> None:
    """By place, or by the names of the signature wherever they stand; the tags say which version answered."""
    status, answer = server.ask(body)
    data = answer["data"]
    values = data["ndarray"] if "ndarray" in data else [data["tensor"]["values"]]
    assert (status, values) == (200, [[321.0]])
    tags = answer["meta"]["tags"]
    assert tags.pop("file").startswith("sha256:")
    assert tags == {"model": "wine", "registry_version": "7"} | {
        key: ABOUT[key] for key in ("version", "digest", "dataset")
    }


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"data": {"ndarray": [[1, 2]]}}, "is [1, 2]; expected rows of 3 numbers: acid, sugar, alcohol."),
        ({"data": {"names": ["acid", "sugar"], "ndarray": [[1, 2]]}}, "names: 'alcohol' is missing. Ex"),
        ({"data": {"names": ["acid", "sugar", "z"], "ndarray": [[1, 2, 3]]}}, "'z' is not known; 'alc"),
        ({"data": {"names": [*NAMES, "acid"], "ndarray": [[1, 2, 3, 1]]}}, "names: 'acid' is there twice"),
        ({"data": {"names": NAMES[::-1], "ndarray": [[1, 2]]}}, "The shape is [1, 2], and there are 3 names"),
        ({"data": {"ndarray": [["a", "b", "c"]]}}, "The rows hold something else than numbers"),
        ({"data": {"names": NAMES[::-1], "ndarray": [["1", 2, 3]]}}, "something else than numbers"),
        ({"data": {"names": NAMES[::-1], "ndarray": [[1, 2, None]]}}, "something else than numbers"),
        ({"data": {"ndarray": []}}, "The request holds no rows"),
        ({"jsonData": {"rows": [[1, 2, 3]]}}, "The request holds an object with rows; expected"),
        ({"jsonData": {"dataframe_records": [{"acid": 1}, {"sugar": 2}]}}, "records have different names"),
        ({"strData": "1,2,3"}, "The request holds text"),
        (b"{", ""),
    ],
)  # fmt: skip
def test_a_request_that_does_not_fit(server: Server, body: Any, told: str) -> None:
    """Each is a 400 that says what was found and what is expected."""
    status, answer = server.ask(body)
    assert status == 400
    assert told in answer["status"]["info"]


def test_scikit_learn_as_skops(server_python: Path, tmp_path: Path) -> None:
    """Where there is no ONNX file; a pickle is not opened, nor is a file with foreign types."""
    flavor = {"pickled_model": "model.skops", "serialization_format": "skops"}
    folder = describe(tmp_path / "m", flavors={"sklearn": flavor})
    done = run(server_python, "-c", FOREST, folder / "model.skops", libraries=LOADED)
    assert done.returncode == 0, done.stderr
    assert run(server_python, "-c", LOAD, folder, libraries=LOADED).stdout == "[[1.0]] 0.2\n"
    describe(folder, flavors={"sklearn": {**flavor, "serialization_format": "cloudpickle"}})
    told = run(server_python, "-c", LOAD, folder, libraries=LOADED).stdout
    assert "its flavours are sklearn (scikit-learn as cloudpickle); expected model.onnx beside" in told


@pytest.mark.parametrize(
    ("described", "told"),
    [
        (
            {"serving_requirements": ["onnxruntime>=99", "torch"]},
            "the model needs onnxruntime>=99, torch; this image has onnxruntime ",
        ),
        ({"serving_requirements": ["x y"]}, "its requirement 'x y' is none"),
        (
            {"columns": [{"type": "string", "name": "s"}]},
            "this server takes numbers only; not so are s (string)",
        ),
        ({"columns": [{"type": "double", "name": "s"}]}, "its signature has 1 columns, model.onnx takes 3"),
    ],
)
def test_a_model_that_does_not_fit_is_refused_at_start(
    server_python: Path, graph: bytes, tmp_path: Path, described: dict[str, Any], told: str
) -> None:
    """With what it needs and what there is: the server ends, and answers nothing wrong."""
    folder = describe(tmp_path / "m", **described)
    (folder / "model.onnx").write_bytes(graph)
    assert told in run(server_python, "-c", LOAD, folder, libraries=LOADED).stdout


def test_requirements_txt_counts_where_python_is_loaded(
    server_python: Path, graph: bytes, tmp_path: Path
) -> None:
    """Of skops; an ONNX graph needs none of them. MLflow itself serves nothing here."""
    flavor = {"pickled_model": "model.skops", "serialization_format": "skops"}
    lines = "mlflow==3.17.2\nnumpy==0.1  # old\n"
    folder = describe(tmp_path / "m", flavors={"sklearn": flavor}, requirements=lines)
    assert run(server_python, "-c", FOREST, folder / "model.skops", libraries=LOADED).returncode == 0
    assert (
        "the model needs numpy==0.1; this image has numpy 1.26"
        in run(server_python, "-c", LOAD, folder, libraries=LOADED).stdout
    )
    (folder / "model.onnx").write_bytes(graph)
    assert run(server_python, "-c", LOAD, folder, libraries=LOADED).stdout == "[[111.0]] 0.2\n"


def test_a_folder_of_something_else(server_python: Path, tmp_path: Path) -> None:
    """What lies there instead is named."""
    (tmp_path / "model.pkl").write_text("")
    assert "there is no MLmodel in" in run(server_python, "-c", LOAD, tmp_path, libraries=LOADED).stdout
    (tmp_path / "MLmodel").write_text("- a list")
    assert "cannot be read" in run(server_python, "-c", LOAD, tmp_path, libraries=LOADED).stdout
