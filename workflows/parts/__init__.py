"""Templates that the workflows share: one file, one function, one template."""
