"""The file of a step that has learned in, what stands in it out: one way to say what is wrong with it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from models.contract.errors import ModelError


@contextmanager
def reading(path: Path) -> Iterator[dict[str, Any]]:
    """Yields the JSON object; ModelError where there is none, or where it does not fit the block."""
    try:
        told: dict[str, Any] = json.loads(path.read_text(encoding="ascii"))
        yield told
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror}. Train first: --action=train.") from None
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{path}: not what --action=train writes ({type(error).__name__}: {error})."
        ) from None
