"""Requests of clients in, calls to the nodes of a graph and one answer out: what Seldon's executor does."""
