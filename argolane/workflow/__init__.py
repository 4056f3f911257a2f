"""Argo's half: workflows checked, run and shown."""
