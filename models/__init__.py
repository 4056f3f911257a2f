"""The models: a folder each, and what they share. Imports nothing else of this repository."""
