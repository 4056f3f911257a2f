"""Retries: `decision` says whether there is one more attempt, `attempts` makes it."""
