"""Requests of clients in, calls to the nodes of a graph and one answer out: what Seldon's executor does."""

from argolane.serving.orchestrator.app import create_app

__all__ = ["create_app"]
