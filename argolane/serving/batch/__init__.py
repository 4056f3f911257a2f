"""A file of rows and a deployment in, a file of its answers in the same order out."""
