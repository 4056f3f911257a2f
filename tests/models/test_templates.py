"""What `argolane new model` copies: complete folders with tested locks; test_foreign.py trains them."""

import json
import re
from pathlib import Path

import pytest

from argolane import new
from models.contract.spec import read
from tests.models.toy import MODELS, TEMPLATES, new_unit

KINDS = ("regression", "rows", "text")


@pytest.mark.parametrize("kind", KINDS)
def test_the_kinds_of_this_repository_are_complete(kind: str, tmp_path: Path) -> None:
    """model.yaml is valid, the locks are those of a unit that is tested, and no placeholder is left."""
    folder = new_unit(tmp_path / "models", "two_words", kind)
    unit = read(folder)
    assert (unit.name, unit.title, unit.train is not None) == ("two_words", "Two words", True)
    for lock in ("train.lock", "runtime.lock"):
        assert (folder / lock).read_bytes() == (MODELS / "sk_mnist" / lock).read_bytes()
        assert not (folder / lock).is_symlink()
    assert json.loads((folder / "request.json").read_text())["data"]["ndarray"]
    assert {"train.in", "train.py", "predict.py"} <= {path.name for path in folder.iterdir()}
    for path in folder.iterdir():
        assert not re.search(r"@\w+@", path.read_text()), path
    assert sorted(path.name for path in TEMPLATES.iterdir() if path.is_dir()) == list(KINDS)


def test_a_new_project_serves_with_packages_that_are_tested_here() -> None:
    """Its lock is that of our own models, byte for byte; `make lock` copies it."""
    lock = new.STARTER / "templates/model/runtime.lock"
    assert lock.read_bytes() == (MODELS / "sk_mnist/runtime.lock").read_bytes()
