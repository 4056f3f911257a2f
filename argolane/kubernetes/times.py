"""Seconds since the epoch in, the text that Kubernetes and Argo write for them out."""

from datetime import UTC, datetime
from functools import lru_cache


@lru_cache(maxsize=1024)
def rfc3339(seconds: float) -> str:
    """`2026-01-02T03:04:05Z`, as Argo's tags show times."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
