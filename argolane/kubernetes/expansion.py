"""Text with `$(VAR)` in, text out: Kubernetes' expansion in command, args and env.

The rules are those of k8s.io/kubernetes/third_party/forked/golang/expansion: an unknown name stays as it
is written, `$$` is a dollar, so `$$(VAR)` is the text `$(VAR)`.
"""

import re
from collections.abc import Mapping

_DOLLAR = re.compile(r"\$(?:\$|\(([^)]*)\))")


def expand(text: str, env: Mapping[str, str]) -> str:
    """`text` with every known `$(NAME)` replaced; values are not expanded again."""

    def value(found: re.Match[str]) -> str:
        name = found[1]
        return "$" if name is None else env.get(name, found[0])

    return _DOLLAR.sub(value, text)


def without_value(text: str, env: Mapping[str, str]) -> list[str]:
    """Names that `text` refers to and `env` lacks, or has nothing for."""
    names = (found[1] for found in _DOLLAR.finditer(text))
    return [name for name in names if name is not None and not env.get(name)]
