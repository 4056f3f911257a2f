"""The flags of a resource template in, what they mean for kubectl's action out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from argolane.kubernetes import kinds

# Of what this machine does anyway, or has no use for.
_TAKEN = {
    "create": ("--validate", "--save-config", "--field-manager"),
    "apply": ("--validate", "--server-side", "--force-conflicts", "--field-manager", "--overwrite"),
    "delete": ("--wait", "--cascade", "--now", "--force", "--grace-period", "--timeout"),
    "replace": ("--validate", "--save-config", "--field-manager"),
    "patch": ("--field-manager",),
    "get": (),
}
_IGNORES, _SELECTORS = "--ignore-not-found", ("--selector", "-l")
# kubectl has these, too, and they change what is done.
_REFUSED = (
    "--namespace", "-n", "--all", "-A", "--all-namespaces", "--dry-run", "--field-selector", "--force",
    "--prune", "--subresource", "--type", "-f", "--filename", "-k", "--kustomize", "-o", "--output", "-R",
    "--recursive", "--kubeconfig", "--context", "--server", "--token", "--as", "--timeout", "--grace-period",
    "--wait", "--cascade",
)  # fmt: skip


class UnknownFlag(Exception):
    """kubectl would not know it; the text is kubectl's."""


@dataclass(frozen=True)
class Flags:
    """An object that is named by flags instead of a manifest, or a selector of several."""

    kind: str = ""
    names: tuple[str, ...] = ()
    selector: str = ""


def parse(resource: Mapping[str, Any]) -> Flags:
    """Raises UnknownFlag."""
    action = str(resource.get("action"))
    words: list[str] = []
    selector = ""
    rest = [str(flag) for flag in resource.get("flags") or ()]
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if not word.startswith("-"):
            words.append(word)
        elif action == "delete" and name in _SELECTORS:
            selector = value if equals else rest.pop(0) if rest else ""
        elif name not in _known(action):
            raise UnknownFlag(f"unknown flag: {word}\nSee 'kubectl {action} --help' for usage.")
    known = kinds.of(words[0]) if words else None
    kind = known.name if known else "".join(words[:1])
    return Flags(kind, tuple(words[1:]), selector)


def refused(resource: Mapping[str, Any]) -> Iterator[str]:
    """Flags and kinds that kubectl has and this machine does not do."""
    action = str(resource.get("action"))
    flags = [str(flag) for flag in resource.get("flags") or ()]
    for flag in flags:
        if flag.partition("=")[0] in _REFUSED and flag.partition("=")[0] not in _known(action):
            yield flag
    words = _positional(flags)
    if words and "{{" not in words[0] and (action != "delete" or kinds.of(words[0]) is None):
        yield words[0]


def _positional(flags: Sequence[str]) -> list[str]:
    found = []
    before = ""
    for flag in flags:
        if not flag.startswith("-") and before not in _SELECTORS:
            found.append(flag)
        before = flag
    return found


def _known(action: str) -> tuple[str, ...]:
    return (*_TAKEN.get(action, ()), *((_IGNORES, *_SELECTORS) if action == "delete" else ()))
