"""Text with mount paths in, text with the real folders out: for machines without private mounts.

A path counts only where it stands whole: /mnt/store in `--out=/mnt/store/x`, not in /mnt/store2 or
/srv/mnt/store.
"""

import re
from collections.abc import Iterable, Mapping

from argolane.errors import NotSupportedLocally


def rewrite(text: str, folders: Mapping[str, str]) -> str:
    """`text` with each key of `folders` replaced by its value; the longest key wins."""
    return _pattern(folders).sub(lambda found: folders[found[0]], text)


def check(name: str, texts: Iterable[str], folders: Mapping[str, str]) -> None:
    """NotSupportedLocally if one of `texts`, which cannot be rewritten safely, holds a key of `folders`."""
    found = sorted({path for text in texts for path in _pattern(folders).findall(text)})
    if found:
        raise NotSupportedLocally(
            f"Container {name!r}: its script holds the path {path}, which this machine cannot give it (no "
            "private mounts: not Linux, or namespaces are forbidden). Pass the path to the script in an "
            "argument or an environment variable, or use --on argo."
            for path in found
        )


def _pattern(folders: Mapping[str, str]) -> re.Pattern[str]:
    paths = "|".join(re.escape(path) for path in sorted(folders, key=len, reverse=True))
    return re.compile(rf"(?<![\w./-])(?:{paths})(?![\w.-])")
