"""What a user calls an object in, which one is meant out: `deployment/score`, or a name that one has."""

from typing import TYPE_CHECKING

from argolane.errors import ArgolaneError, UsageError, unknown
from argolane.kubernetes import kinds

if TYPE_CHECKING:
    from argolane.kubernetes.kinds import Kind
    from argolane.project import Project
    from argolane.serving.bundle import Reference

# What stays up, and prints something.
RUNNING = ("Deployment", "SeldonDeployment")


def named(here: "Project", text: str, namespace: str | None) -> "Reference":
    """The object that KIND/NAME means; whether there is one is not asked."""
    from argolane.serving.bundle import Reference

    word, slash, name = text.partition("/")
    kind = kinds.of(word)
    if not slash or not name:
        raise UsageError(f"{text}: expected KIND/NAME, as deployment/score.")
    if kind is None:
        raise UsageError(unknown("kind", word, [known.name.lower() for known in kinds.KINDS.values()]))
    # `deployment` is either kind of them, unless the group is said.
    if kind.name == "Deployment" and "." not in word:
        kind = kinds.KINDS[next(iter(_kinds_of(here, name, namespace)), "Deployment")]
    own = kind.name == "Namespace" or namespace in (None, here.settings.namespace)
    return Reference(kind.name, "" if own else str(namespace), name)


def deployment(here: "Project", name: str, namespace: str | None) -> "Reference | None":
    """The Deployment or SeldonDeployment of that name; UsageError where there are both."""
    from argolane.serving.bundle import Reference

    found = _kinds_of(here, name, namespace)
    if len(found) > 1:
        both = " or ".join(kinds.KINDS[kind].shown(name) for kind in found)
        raise UsageError(f"{name!r} is a Deployment and a SeldonDeployment. Say {both}.")
    own = namespace in (None, here.settings.namespace)
    return Reference(found[0], "" if own else str(namespace), name) if found else None


def there(
    here: "Project", kind: "Kind", namespace: str | None, name: str | None
) -> "list[dict[str, object]]":
    """The objects of a kind, or the one of that name; ArgolaneError where that is not there."""
    from argolane.serving.apiserver import ApiServer

    server = ApiServer(here)
    if name is None:
        return server.list(kind.name, namespace=namespace)
    found = server.get(kind.name, name, namespace=namespace)
    if found is None:
        known = [str(each["metadata"]["name"]) for each in server.list(kind.name, namespace=namespace)]
        raise ArgolaneError(unknown(kind.name, name, known))
    return [found]


def _kinds_of(here: "Project", name: str, namespace: str | None) -> list[str]:
    from argolane.serving.apiserver import KINDS, ApiServer

    server = ApiServer(here)
    return [
        kind for kind in RUNNING if kind in KINDS and server.get(kind, name, namespace=namespace) is not None
    ]
