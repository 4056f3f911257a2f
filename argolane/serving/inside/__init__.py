"""What runs inside a deployment's containers: standard library only, and any Python 3."""
