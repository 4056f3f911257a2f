"""Text with `$(VAR)` in, text out: Kubernetes' expansion in command, args and env.

The rules are those of k8s.io/kubernetes/third_party/forked/golang/expansion: an unknown name stays as it
is written, `$$` is a dollar, so `$$(VAR)` is the text `$(VAR)`.
"""

import re
from collections.abc import Iterable, Mapping

_DOLLAR = re.compile(r"\$(?:\$|\(([^)]*)\))")


def expand(text: str, env: Mapping[str, str]) -> str:
    """`text` with every known `$(NAME)` replaced; values are not expanded again."""

    def value(found: re.Match[str]) -> str:
        name = found[1]
        return "$" if name is None else env.get(name, found[0])

    return _DOLLAR.sub(value, text)


def expand_env(pairs: Iterable[tuple[str, str]], env: Mapping[str, str] | None = None) -> dict[str, str]:
    """A container's `env` list in its order: each value sees the ones before it, and `env` (envFrom)."""
    values = dict(env or {})
    for name, text in pairs:
        values[name] = expand(text, values)
    return values
