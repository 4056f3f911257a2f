"""What holds for every test."""

import signal

import pytest

# In the background of a script, or under nohup, these are ignored, and would be in all that tests start.
for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)

# Folders whose tests take longest.
_LONG = (
    "e2e", "workflows", "argo", "contract", "cli", "workloads", "deployments", "models", "testing",
    "runtimes",
)  # fmt: skip


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that take minutes run when they are asked for, by `-m` or by their name.

    Files that take long come first: at the end no worker is to wait for another's.
    """
    places = {name: place for place, name in enumerate(_LONG)}
    items.sort(key=lambda item: places.get(item.path.parent.name, len(_LONG)))
    if config.option.markexpr or any("::" in argument for argument in config.args):
        return
    left_out = [item for item in items if item.get_closest_marker("heavy")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
