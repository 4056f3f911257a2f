"""Sentences in, the probabilities of a bad and of a good mood out."""

from models.runtimes.text import OnnxTextClassifier


class Model(OnnxTextClassifier):
    labels = ("bad", "good")
