"""Versions of the model store, as an MLflow registry knows them: what trainers and steps of workflows ask there."""
