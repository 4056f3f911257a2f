"""What the reconciler knows of a run between two passes."""
