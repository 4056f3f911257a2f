"""A word of kubectl's in, the kind that it means out; and how kubectl calls an object."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    name: str
    plural: str
    group: str = ""
    short: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """What it can be called, with its group or without."""
        plain = (self.name.lower(), self.plural)
        return (*plain, *self.short, *(f"{word}.{self.group}" for word in plain if self.group))

    def shown(self, name: str) -> str:
        """`deployment.apps/score`."""
        return f"{self.said}/{name}"

    @property
    def said(self) -> str:
        return f"{self.name.lower()}.{self.group}" if self.group else self.name.lower()


_KINDS = (
    Kind("Namespace", "namespaces", short=("ns",)),
    Kind("Secret", "secrets"),
    Kind("ConfigMap", "configmaps", short=("cm",)),
    Kind("PersistentVolumeClaim", "persistentvolumeclaims", short=("pvc",)),
    Kind("Service", "services", short=("svc",)),
    Kind("Deployment", "deployments", "apps", ("deploy",)),
    Kind("SeldonDeployment", "seldondeployments", "machinelearning.seldon.io", ("sdep",)),
)
KINDS = {kind.name: kind for kind in _KINDS}
_WORDS = {word: kind for kind in _KINDS for word in kind.words}


def of(word: str) -> Kind | None:
    """`svc`, `Services` or `service` is Service; None for what is the word of no kind."""
    return _WORDS.get(word.lower())


def shown(kind: str, name: str) -> str:
    """As kubectl calls it, whatever kind it is."""
    known = KINDS.get(kind)
    return known.shown(name) if known else f"{kind.lower()}/{name}"
