"""The executor's routes."""

import pytest

from argolane.serving.orchestrator.paths import Asked, find


@pytest.mark.parametrize(
    ("path", "method", "asked"),
    [
        ("/api/v1.0/predictions", "POST", Asked.PREDICTIONS),
        ("/api/v1.0/predictions", "GET", Asked.NOT_ALLOWED),
        ("/api/v1.0/predictions/", "POST", Asked.NOT_FOUND),
        ("/api/v1.0/../v1.0/predictions", "POST", Asked.MOVED),
        ("/api/v1.0/status/a", "GET", Asked.STATUS),
        ("/api/v1.0/status/a/b", "GET", Asked.NOT_FOUND),
        ("/api/v1.0/metadata/", "GET", Asked.NOT_FOUND),
        ("/m", "PUT", Asked.METRICS),
        ("", "GET", Asked.MOVED),
        ("/", "GET", Asked.NOT_FOUND),
    ],
)
def test_paths_are_those_of_the_executor(path: str, method: str, asked: Asked) -> None:
    """No more and no fewer."""
    assert find(path, method, metrics="/m").asked is asked
