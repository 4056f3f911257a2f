"""docs/scoring.md in, its shell blocks by heading out: what the tests of that page run as it is."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.models.serving import free_ports

PAGE = Path(__file__).resolve().parents[1] / "docs" / "scoring.md"


def blocks(heading: str) -> list[str]:
    """The `sh` blocks below a heading."""
    sections = re.split(r"^#+ ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    (section,) = [text for text in sections if text.partition("\n")[0] == heading]
    found = re.findall(r"^```sh\n(.*?)^```$", section, flags=re.MULTILINE | re.DOTALL)
    assert found, heading
    return found


def headings() -> list[str]:
    """The headings below which there is a block."""
    text = PAGE.read_text(encoding="utf-8")
    every = re.findall(r"^## (.*)$|^(```sh)$", text, flags=re.MULTILINE)
    found = []
    for heading, block in every:
        if heading:
            last = heading
        elif block and last not in found:
            found.append(last)
    return found


def script(block: str, after: Mapping[str, str] | None = None) -> str:
    """A bash script of the block that ends with the first line that fails.

    Its ports on this machine are free ones. `after` says what runs after a line that begins with the key.
    """
    for port in sorted(set(re.findall(r"localhost:(\d+)", block))):
        (free,) = free_ports(1)
        block = block.replace(f"localhost:{port}", f"localhost:{free}")
        block = re.sub(rf"(port-forward \S+) {port}:", rf"\1 {free}:", block)
    lines = ["set -euo pipefail", "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT"]
    missing = dict(after or {})
    for line in block.splitlines():
        lines.append(line)
        for begin in [begin for begin in missing if line.startswith(begin)]:
            lines.append(missing.pop(begin))
    assert not missing, f"no line begins with {' or '.join(missing)}"
    return "\n".join(lines)


def answered(text: str, key: str) -> Any:
    """That field of the one line with a JSON object that has it; what follows in the line is another's."""
    (line,) = [line for line in text.splitlines() if line.startswith("{") and f'"{key}"' in line]
    return json.JSONDecoder().raw_decode(line)[0][key]
