"""The local workflow engine: any Argo manifest of a named subset in, a finished run with its record out.

`run` starts a workflow, `check` says what it would refuse, `preview` what it would be, `retry` goes on with a
run that failed or whose runner died, `resume` and `stop` speak to one that goes on.
"""

from argolane.workflow.local.collection import at_deletion
from argolane.workflow.local.control import is_running, resume, stop
from argolane.workflow.local.lifecycle import check, preview, retry, run
from argolane.workflow.run.events import Event, NodeChanged, Printed, RunChanged, Said

__all__ = [
    "Event",
    "NodeChanged",
    "Printed",
    "RunChanged",
    "Said",
    "at_deletion",
    "check",
    "is_running",
    "preview",
    "resume",
    "retry",
    "run",
    "stop",
]
