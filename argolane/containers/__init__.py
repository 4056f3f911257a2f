"""A container in, a process group out: workflow pods and served models with no Docker and no cluster.

`images` says what an image reference means on this machine, `sandbox` starts it. Used by workflow.local and
serving; knows neither.
"""
