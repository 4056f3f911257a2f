"""A run's nodes in, decisions out: what to start, what is over, what waits. It starts nothing itself."""
