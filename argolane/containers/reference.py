"""The text of an image reference in, its parts out: registry/path:tag@digest, as Docker reads it."""

import re
from dataclasses import dataclass

_NAME = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?:(?P<registry>(?:localhost|[A-Za-z0-9.-]+\.[A-Za-z0-9.-]+|[A-Za-z0-9.-]+(?=:\d))(?::\d+)?)/)?"
    rf"(?P<path>{_NAME}(?:/{_NAME})*)"
    r"(?::(?P<tag>\w[\w.-]{0,127}))?"
    r"(?:@(?P<digest>[A-Za-z][A-Za-z0-9+._-]*:[0-9a-fA-F]{32,}))?",
    re.ASCII,
)


@dataclass(frozen=True)
class Reference:
    """`name` is the last part of the path; absent parts are empty."""

    registry: str
    path: str
    tag: str
    digest: str

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


def parse(text: str) -> Reference | None:
    """None when `text` is no image reference."""
    found = _REFERENCE.fullmatch(text)
    if not found:
        return None
    return Reference(found["registry"] or "", found["path"], found["tag"] or "", found["digest"] or "")
