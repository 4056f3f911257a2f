"""A fitted pipeline in, the same as an ONNX graph out.

skl2onnx knows all of the pipeline but our own first step, which is a convolution with one filter a direction,
ReLU and a pooling there.
"""

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto
from skl2onnx import to_onnx, update_registered_converter
from skl2onnx.common.data_types import FloatTensorType
from sklearn.pipeline import Pipeline

from models.runtimes.export import OPSET
from models.sk_mnist.gradients import CELL, CELLS, DIRECTIONS, SIDE, OrientedGradients, directions


def convert(model: Pipeline) -> onnx.ModelProto:
    """Input [n, 784]; outputs `label` and `probabilities` [n, 10]."""
    update_registered_converter(OrientedGradients, "OrientedGradients", _shape, _graph)
    rows = [("pixels", FloatTensorType([None, SIDE * SIDE]))]
    return to_onnx(model, initial_types=rows, target_opset=OPSET, options={"zipmap": False})


def _shape(operator: Any) -> None:
    rows = operator.inputs[0].type.shape[0]
    operator.outputs[0].type = FloatTensorType([rows, DIRECTIONS * CELLS**2])


def _graph(scope: Any, operator: Any, container: Any) -> None:
    filters = np.zeros((DIRECTIONS, 1, 3, 3), np.float32)
    cosines, sines = directions().T * CELL**2  # pooling is a mean in ONNX, a sum in gradients.py
    filters[:, 0, 1, 2], filters[:, 0, 1, 0] = cosines, -cosines
    filters[:, 0, 2, 1], filters[:, 0, 0, 1] = sines, -sines

    def constant(values: np.ndarray, kind: int) -> str:
        name: str = scope.get_unique_variable_name("constant")
        container.add_initializer(name, kind, values.shape, values.ravel().tolist())
        return name

    def node(kind: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        output = output or scope.get_unique_variable_name(kind.lower())
        container.add_node(
            kind, list(inputs), output, name=scope.get_unique_operator_name(kind), **attributes
        )
        return output

    image = constant(np.array([-1, 1, SIDE, SIDE]), TensorProto.INT64)
    flat = constant(np.array([-1, DIRECTIONS * CELLS**2]), TensorProto.INT64)
    images = node("Reshape", operator.inputs[0].full_name, image)
    slopes = node("Conv", images, constant(filters, TensorProto.FLOAT), pads=[1, 1, 1, 1])
    cells = node("AveragePool", node("Relu", slopes), kernel_shape=[CELL, CELL], strides=[CELL, CELL])
    node("Reshape", cells, flat, output=operator.outputs[0].full_name)
