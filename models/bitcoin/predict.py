"""Rows of features in, one number for each out: a log range, or a price, as the version was trained."""

from models.runtimes.regression import OnnxRegression


class Model(OnnxRegression):
    """The output's own name tells which number it is; FEATURES of windows.py are the names of the columns."""
