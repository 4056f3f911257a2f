"""Ten measurements in, how the illness goes on out."""

from models.runtimes.regression import OnnxRegression


class Model(OnnxRegression):
    values = ("progression",)
