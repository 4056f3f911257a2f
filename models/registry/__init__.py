"""Versions of the model store in an MLflow registry: trainers write there, steps of workflows ask."""
