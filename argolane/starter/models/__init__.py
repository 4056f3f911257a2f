"""Each folder with a model.yaml is a model; unit.py is what they agree on."""
