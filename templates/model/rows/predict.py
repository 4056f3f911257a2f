"""Four measurements of an iris in, the probability of each kind out."""

from models.runtimes.onnx_rows import OnnxClassifier


class Model(OnnxClassifier):
    labels = ("setosa", "versicolor", "virginica")
