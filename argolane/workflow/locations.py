"""An artifact in, whether it says where it lies out: an empty url or key is no place, as Argo has it."""

from collections.abc import Mapping
from typing import Any

# In the order in which Argo looks for them: the first that is written is the one that counts.
_SAID_BY = {
    "artifactory": ("url",),
    "azure": ("blob", "key"),
    "git": ("repo",),
    "gcs": ("key",),
    "hdfs": ("addresses", "path"),
    "http": ("url",),
    "oss": ("key",),
    "raw": (),
    "s3": ("key",),
    "plugin": (),
}


def has_location(artifact: Mapping[str, Any]) -> bool:
    """Whether its location is one that something can be read from; that of `raw` is always."""
    for kind, fields in _SAID_BY.items():
        location = artifact.get(kind)
        if location is not None:
            return not fields or (isinstance(location, Mapping) and any(location.get(f) for f in fields))
    return False
