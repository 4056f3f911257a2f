"""Decisions of the reconciler in, pods started and a run's record written out: the loop around it."""
