"""Retries: `decision` says whether there is one more attempt, `attempts` makes it.

`strategy` reads the retryStrategy, `backoff` says how long to wait, `retry_tags` what an attempt may read.
"""
