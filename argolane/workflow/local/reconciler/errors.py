"""What can go wrong while the reconciler decides: errors that end a node, signals that postpone it."""


class OperationError(Exception):
    """A node or the workflow ends in Error with this message, which is Argo's own text."""


class CannotStart(OperationError):
    """The workflow ends before its first node, in this phase and with this message."""

    def __init__(self, phase: str, message: str) -> None:
        super().__init__(message)
        self.phase = phase


class Unresolved(OperationError):
    """A reference names nothing that is there."""

    def __init__(self, reference: str) -> None:
        super().__init__(f'Unable to resolve: "{reference}"')
        self.reference = reference


class WaitsForEver(OperationError):
    """A tag has no value yet; Argo tries again for ever, the local runner until nothing else can happen."""


class Postponed(Exception):
    """Not an error of the workflow: the node cannot go on in this pass."""


class ParallelismReached(Postponed):
    """As many nodes run as `parallelism` allows."""

    def __str__(self) -> str:
        return "Max parallelism reached"


class MaxDepthExceeded(Postponed):
    def __str__(self) -> str:
        return (
            "Maximum recursion depth exceeded. See https://argo-workflows.readthedocs.io/en/release-3.7/"
            "scaling/#maximum-recursion-depth"
        )


class TimeoutReached(Exception):
    """A pending node's template timeout is over."""

    def __str__(self) -> str:
        return "timeout"
