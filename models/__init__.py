"""The models: a folder each, and what they share. Nothing here imports anything else of this repository."""
