"""What a run measured in, the top of its page out: a line for each arm, and where its commit can be read."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from argolane.workflow.run.measured import measured, shown

_COMMIT = re.compile(r"([0-9a-f]{7,64})(-dirty)?")
_ASKING = 10  # seconds


@dataclass(frozen=True)
class Line:
    """One metric; `link` is '' where the repository has no web address."""

    of: str
    metric: str
    value: str
    direction: str
    data: str
    commit: str
    link: str


def lines(status: Mapping[str, Any], repository: str = "") -> list[Line]:
    """What a run measured, in the order of its tasks; `repository` is a web address, or ''."""
    return [
        Line(
            of=f"{one.of} {one.version}".rstrip(),
            metric=one.name,
            value=shown(one.value),
            direction=f"{one.better} is better" if one.better else "",
            data=one.data or (f"sha256 {one.data_sha256[:12]}" if one.data_sha256 else ""),
            commit=_short(one.commit),
            link=_link(one.commit, repository),
        )
        for one in measured(status)
    ]


def repository(root: Path) -> str:
    """The web address of what `root` was cloned from, with no password in it; '' where it has none."""
    asked = ["git", "-C", str(root), "config", "--get", "remote.origin.url"]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, timeout=_ASKING, check=False)
        return web_address(done.stdout.strip())
    except (OSError, subprocess.TimeoutExpired):
        return ""


def web_address(remote: str) -> str:
    """`https://me:secret@host/a/b.git` -> `https://host/a/b`; '' for what no browser opens."""
    try:
        parts = urlsplit(remote)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return ""
    return f"{parts.scheme}://{parts.hostname}{port}{parts.path.rstrip('/').removesuffix('.git')}"


def _short(commit: str) -> str:
    match = _COMMIT.fullmatch(commit)
    return match[1][:12] + (" with changes" if match[2] else "") if match else commit


def _link(commit: str, repository: str) -> str:
    match = _COMMIT.fullmatch(commit)
    return f"{repository}/commit/{match[1]}" if match and repository else ""
