"""Rows of pixels in, probabilities of the ten digits out: served by `seldon-core-microservice`."""

from models.served import OnnxClassifier


class Model(OnnxClassifier):
    features = 784
    classes = 10
