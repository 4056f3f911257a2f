"""Rows of pixels in, probabilities of the ten digits out: served by `seldon-core-microservice`."""

from models.runtimes.onnx_rows import OnnxClassifier


class Model(OnnxClassifier):
    low, high = 0, 1
    hint = "Divide pixels of 0..255 by 255."
