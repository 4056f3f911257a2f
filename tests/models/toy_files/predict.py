"""Four numbers in, the probabilities of two classes out."""

from models.runtimes.onnx_rows import OnnxClassifier


class Model(OnnxClassifier):
    low, high = 0, 1
