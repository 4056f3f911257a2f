"""models/install.sh: what the settings of pip that an image is built with become for uv."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "models" / "install.sh"


def told(folder: Path, settings: str, **env: str) -> dict[str, str]:
    """The variables that uv is given; the script's own lines, without what they are for."""
    text = SCRIPT.read_text(encoding="utf-8")
    lines = "pip_says() {" + text.partition("pip_says() {")[2].partition("TMPDIR=")[0]
    (folder / "pip.conf").write_text(settings, encoding="utf-8")
    done = subprocess.run(
        ["sh", "-euc", f"{lines}\nenv"], capture_output=True, text=True, check=True,
        env={"PATH": os.environ["PATH"], "PIP_CONFIG_FILE": str(folder / "pip.conf"), **env},
    )  # fmt: skip
    found = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    return {name: value for name, value in found.items() if name.startswith(("UV_", "ALL_PROXY"))}


def test_an_index_of_ones_own(tmp_path: Path) -> None:
    """Its login among it; several more ones, on lines of their own; names with dashes or not."""
    settings = """[global]
index-url = https://me:p%40ss@site/simple
extra_index_url =
    https://one/simple
    https://two/simple
trusted-host = site
proxy = http://proxy:3128
"""
    assert told(tmp_path, settings) == {
        "UV_DEFAULT_INDEX": "https://me:p%40ss@site/simple",
        "UV_INDEX": "https://one/simple https://two/simple",
        "UV_INSECURE_HOST": "site",
        "ALL_PROXY": "http://proxy:3128",
    }


@pytest.mark.parametrize("settings", ["", "[global]\ntimeout = 60\n"])
def test_nothing_is_said_of_one(tmp_path: Path, settings: str) -> None:
    assert told(tmp_path, settings) == {}


def test_what_is_said_last_counts(tmp_path: Path) -> None:
    """As pip has it: the environment before `[install]` before `[global]`."""
    settings = "[global]\nindex-url = https://a/simple\n[install]\nindex-url = https://b/simple\n"
    assert told(tmp_path, settings) == {"UV_DEFAULT_INDEX": "https://b/simple"}
    assert told(tmp_path, settings, PIP_INDEX_URL="https://c/simple") == {
        "UV_DEFAULT_INDEX": "https://c/simple"
    }
