"""Hera programs: one file is one family of workflows, `parts/` are the templates they share."""
