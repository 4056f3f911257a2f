"""Versions of the model store in an MLflow registry: what trainers write there, and steps of workflows ask."""
