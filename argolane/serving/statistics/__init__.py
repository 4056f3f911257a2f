"""Scores of the arms of an experiment in, what may be said of them out: pure functions.

Standard library only, and no more than that on purpose: a workflow's task judges on a stock Python image, by
the very text of these modules, and the command line by the same; docs/architecture.md has the way it takes.
"""
