"""What jq and jsonPath are asked about."""

from typing import Any

import pytest


@pytest.fixture
def body() -> dict[str, Any]:
    """An object as a cluster has it."""
    return {
        "metadata": {"name": "x", "labels": {"a.b/c": "d"}},
        "status": {
            "state": "Available",
            "n": 3,
            "items": [{"k": "a", "v": 1}, {"k": "b", "v": 2.5}],
            "none": None,
        },
    }
