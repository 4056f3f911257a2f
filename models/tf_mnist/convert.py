"""A trained Keras model in, the same as an ONNX graph out."""

import keras
import onnx
import tensorflow
import tf2onnx

from models.runtimes.export import OPSET


def convert(model: keras.Model) -> onnx.ModelProto:
    """Input `pixels` [n, 784]; output `probabilities` [n, 10]."""
    rows = [tensorflow.TensorSpec((None, 784), tensorflow.float32, name="pixels")]
    # from_keras knows Keras 2 only; a function it takes from any
    answer = tensorflow.function(lambda pixels: {"probabilities": model(pixels, training=False)}, rows)
    graph, _ = tf2onnx.convert.from_function(answer, input_signature=rows, opset=OPSET)
    return graph
