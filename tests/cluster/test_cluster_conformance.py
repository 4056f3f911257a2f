"""Every recorded case of Argo again on a real controller, so that what ours is held to is what Argo does.

CASES=40 takes that many of them, chosen by the commit's hash: other ones with each commit, the same ones each
time that one is tested. `make test-cluster` takes all.

A slow machine may end a step by its deadline too soon, or start two attempts the other way round. So a case
that contradicts its recording is run once more with nothing beside it, in a new namespace; that one counts.
"""

import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait

import pytest
from lab import Lab
from recorded_cases import Cases, chosen
from recording import Case, names

# Cases whose outcome on the cluster depends on which of two things comes first, with these two things.
RACES = {
    "lab-hook-missing-argument-nested": "Argo may not look again at a group in Error; then it hangs.",
    "lab-mutex-two": "Nor after a lock that is given back in the pass in which it was taken.",
}
# The other outcome of a race that is harmless. The run's deadline is the pod's too, and either the controller
# or the kubelet is the first to act on it. Of two names in a `depends` that are no task, Argo names the one
# that it comes to first in a map of Go's, which has no order. A workflow that has failed ends when the step
# that still ran has told its result; by then its pod is seen to have ended, or not yet.
_NO_TASK = (
    "'Failed to submit workflow: rpc error: code = InvalidArgument desc = templates.main sorting failed: "
    "invalid dependency {}'"
)
OTHERWISE = {
    "dag-depends-expression": (
        f"submit_error: wanted {_NO_TASK.format('true')}, found {_NO_TASK.format('false')}"
    ),
    "deadline-workflow": (
        "deadline-workflow/[0]/long: message: wanted 'Step exceeded its deadline', "
        "found 'Pod was active on the node longer than the specified deadline'"
    ),
    "lab-daemon-lost-steps": ("lab-daemon-lost-steps/[1]/slow: phase: wanted 'Running', found 'Succeeded'"),
}
# What many at once gain is that most of them wait: for sleeps, deadlines, the kubelet.
_AT_ONCE = 8
_ALL_WITHIN = 1500.0

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.timeout(_ALL_WITHIN + 300),
    pytest.mark.filterwarnings("default:.* was first seen with"),
]
Differences = Callable[[str], list[str]]


@pytest.fixture(scope="module")
def differences(lab: Lab, request: pytest.FixtureRequest) -> Iterator[Differences]:
    """Starts all cases that are asked for, those that never end first; a case's differences by its name."""
    tests = [item for item in request.session.items if "differences" in getattr(item, "fixturenames", ())]
    asked = [test.callspec.params["name"] for test in tests]
    cases, end = Cases(lab), time.monotonic() + _ALL_WITHIN
    cases.empty()

    def seen(name: str) -> list[str]:
        return [line for line in cases.differences(Case(name)) if line != OTHERWISE.get(name)]

    def first(name: str) -> list[str]:
        if time.monotonic() > end:
            raise TimeoutError(f"The cases have not all been run in {_ALL_WITHIN:.0f} s.")
        return seen(name)

    pool = ThreadPoolExecutor(_AT_ONCE)
    order = sorted(asked, key=lambda name: (Case(name).stop_after is None, name))
    running: dict[str, Future[list[str]]] = {name: pool.submit(first, name) for name in order}

    def settled(name: str) -> list[str]:
        failed = running[name].exception() or running[name].result()
        if not failed:
            return []
        warnings.warn(f"{name} was first seen with {failed}", stacklevel=1)
        wait(running.values())
        assert time.monotonic() < end, failed
        cases.empty()
        return seen(name)

    try:
        yield settled
    finally:
        pool.shutdown(cancel_futures=True)
        cases.remove()


@pytest.mark.parametrize("name", chosen(name for name in names() if name not in RACES))
def test_recorded_case(name: str, differences: Differences) -> None:
    """The controller does with the case's manifest what expected.json says."""
    assert differences(name) == []
