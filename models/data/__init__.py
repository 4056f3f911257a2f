"""Data sets by name: fetched, checked, split. A unit says in its model.yaml which of them it can train on."""
