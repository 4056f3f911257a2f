"""A ridge regression and the layers of a network in, one ONNX graph out: scaler, both, and their sum.

Written node by node: six kinds of them say it all, and so no converter decides which TensorFlow there may be.
"""

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from models.bitcoin.linear import Linear
from models.bitcoin.network import Layer
from models.runtimes.export import OPSET


def convert(
    linear: Linear, network: Sequence[Layer], *, answer: str, anchor: int | None = None
) -> onnx.ModelProto:
    """Input `features` [n, features]; output `answer` [n, 1], times the column `anchor` where there is one.

    Scaled in float64, for a price less its mean is a small difference of large numbers.
    """
    graph = _Graph()
    wide = graph.add("Cast", ["features"], to=TensorProto.DOUBLE)
    middle = graph.add("Sub", [wide, graph.constant(linear.mean)])
    scaled = graph.add("Div", [middle, graph.constant(linear.scale)])
    found = graph.dense(scaled, linear.weights[:, None], np.array([linear.intercept]))
    value = scaled
    for number, (weights, biases) in enumerate(network, 1):
        value = graph.dense(value, weights, biases)
        if number < len(network):
            value = graph.add("Max", [value, graph.constant(np.zeros(1))])
    if network:
        found = graph.add("Add", [found, value])
    if anchor is not None:
        column = graph.add("Gather", [wide, graph.constant(np.array([anchor]))], axis=1)
        found = graph.add("Mul", [graph.add("Exp", [found]), column])
    graph.add("Cast", [found], to=TensorProto.FLOAT, name=answer)
    count = len(linear.mean)
    made = helper.make_graph(
        graph.nodes,
        "bitcoin",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, count])],
        [helper.make_tensor_value_info(answer, TensorProto.FLOAT, [None, 1])],
        graph.constants,
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)])


class _Graph:
    """Nodes and constants, each named by its number."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def add(self, kind: str, inputs: list[str], *, name: str = "", **attributes: int) -> str:
        made = name or f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [made], **attributes))
        return made

    def constant(self, value: np.ndarray) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def dense(self, value: str, weights: np.ndarray, biases: np.ndarray) -> str:
        return self.add("Gemm", [value, self.constant(weights), self.constant(biases)])
