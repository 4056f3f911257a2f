"""The units: a folder with a model.yaml each, and what they share. Nothing here imports what is beside it."""
