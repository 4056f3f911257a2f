"""What went wrong in, one line on stderr out: every error a user can cause has a class here.

A message says where, what was found, what is allowed and what to do. The command line prints it and exits
with `exit_status`; a traceback that reaches a user is a bug of ours.
"""

import difflib
from collections.abc import Iterable


class ArgolaneError(Exception):
    """Something the user can mend; exit status 1."""

    exit_status = 1


class UsageError(ArgolaneError):
    """The command line itself is wrong; exit status 2."""

    exit_status = 2


class ManifestError(ArgolaneError):
    """A manifest or settings file is wrong: all its faults at once, one a line."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


class NotSupportedLocally(ManifestError):
    """A manifest uses what the local runner does not run."""


_SHOWN = 40


def unknown(what: str, name: str, known: Iterable[str], *, where: str = "") -> str:
    """`No workflow 'train-sk-minst'. Did you mean 'train-sk-mnist'?`, or the names there are."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    if close:
        cure = f"Did you mean {close[0]!r}?"
    elif names:
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        cure = f"There are: {', '.join(names[:_SHOWN])}{more}."
    else:
        cure = "There are none."
    return f"{where}No {what} {name!r}. {cure}"
