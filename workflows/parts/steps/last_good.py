"""A manifest that was verified in, the file that a later rollout is put back from out."""

import os
import re
from pathlib import Path


def keep(last_good: Path, manifest: str) -> None:
    """Writes down what a later rollout that fails is rolled back to, and says what it replaces."""
    images = re.compile(r"^\s*(?:- )?image: '?([^\s']+)", re.MULTILINE)
    before = images.findall(last_good.read_text()) if last_good.is_file() else []
    print(f"before: {', '.join(before) or 'nothing verified'}\nnow: {', '.join(images.findall(manifest))}")
    last_good.parent.mkdir(parents=True, exist_ok=True)
    part = last_good.with_name(f".{last_good.name}.{os.getpid()}")
    part.write_text(manifest)
    part.replace(last_good)
