"""What a run measured in, the top of its page out: a line for each arm, and where its commit can be read."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from argolane.workflow.run.measured import measured, shown

_COMMIT = re.compile(r"([0-9a-f]{7,64})(-dirty)?")
_ASKING = 10  # seconds
_SSH = re.compile(
    r"(?:ssh://)?(?:[\w.-]+@)?(?P<host>[A-Za-z0-9.-]+)(?::\d+/|:(?!\d*/?/)|/)(?P<path>[\w./~-]+)"
)
_FORGE = re.compile(r"(?:^|\.)(?:github|gitlab|codeberg|bitbucket|gitea|forgejo|git)\.")


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
    task: str
    links: Mapping[str, str] = field(default_factory=dict)


def lines(
    status: Mapping[str, Any], repository: str = "", links: Mapping[str, Mapping[str, str]] | None = None
) -> list[Line]:
    """What a run measured, in the order of its tasks; `repository` is a web address, or ''.

    `links` are where more is to be read, by task."""
    return [
        Line(
            of=f"{one.of} {one.version}".rstrip(),
            metric=one.name,
            value=shown(one.value),
            direction=f"{one.better} is better" if one.better else "",
            data=one.data or (f"sha256 {one.data_sha256[:12]}" if one.data_sha256 else ""),
            commit=_short(one.commit),
            link=_link(one.commit, repository),
            task=one.task,
            links=(links or {}).get(one.task, {}),
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
    """`https://me:secret@host/a/b.git` -> `https://host/a/b`; '' for what no browser opens.

    So is `git@github.com:a/b.git`, of the hosts that are known to show what they give by ssh.
    """
    if match := _SSH.fullmatch(remote):
        host, path = match["host"], match["path"].strip("/").removesuffix(".git")
        return f"https://{host}/{path}" if _FORGE.search(host) and "/" in path else ""
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
    if not match or not repository:
        return ""
    host = urlsplit(repository).hostname or ""
    way = "-/commit" if "gitlab" in host else "commits" if "bitbucket" in host else "commit"
    return f"{repository}/{way}/{match[1]}"
