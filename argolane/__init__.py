"""Runs Argo Workflow and SeldonDeployment manifests, on a laptop or on a cluster."""

__version__ = "0.1.0"
