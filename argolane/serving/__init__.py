"""Seldon's half: graphs, deployments of them on this machine, and their clients."""
