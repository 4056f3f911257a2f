"""Four numbers in, the probabilities of two classes out."""

from models.served import OnnxClassifier


class Model(OnnxClassifier):
    features = 4
    classes = 2
