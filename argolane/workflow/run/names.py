"""A run's name in, a complaint about it out: it becomes a folder here, and a Workflow's name on a cluster."""

from argolane.errors import UsageError
from argolane.kubernetes.kinds import KINDS
from argolane.kubernetes.names import SUBDOMAIN

# What `argolane get` and `argolane delete` take for a list of something, never for a run: Deployments and
# SeldonDeployments, the latter alone, and the words of the other kinds.
DEPLOYMENTS = ("deployment", "deployments")
SELDON = ("sdep", "seldondeployment", "seldondeployments")
RUNS = "runs"
_TAKEN = (RUNS, "all", *(word for kind in KINDS.values() for word in kind.words))
_LONGEST = 63  # Argo's own bound


def check(name: str, *, where: str) -> None:
    """UsageError, before anything is written, unless a run can be called that; `where` it was said."""
    if len(name) > _LONGEST:
        raise UsageError(f"{where} has {len(name)} characters; a run's name has at most {_LONGEST}.")
    if not SUBDOMAIN.fullmatch(name):
        raise UsageError(
            f"{where} is {name!r}; expected lower case letters, digits, '-' and '.', with a letter or digit "
            "at both ends, as 'mnist-2'."
        )
    if name in _TAKEN:
        raise UsageError(f"{where} is {name!r}, which stands for all of them in 'argolane get {name}'.")
