"""The text of a container's /etc/hosts."""

import pytest

from argolane.containers import host_names
from argolane.errors import ArgolaneError


def test_ours_come_last_and_stand_alone() -> None:
    """A name that the machine has too is only ours, as the first line found wins; comments stay."""
    machines = "127.0.0.1 localhost\n# MLFLOW\n10.0.0.1 MLflow box # old\n10.0.0.2 mlflow\n"
    made = host_names.text(
        {"mlflow": "127.1.1.1", "mlflow.ns": "127.1.1.1"}, container="c", machines=machines
    )
    assert made == "127.0.0.1 localhost\n# MLFLOW\n10.0.0.1\tbox\n127.1.1.1\tmlflow mlflow.ns\n"


@pytest.mark.parametrize(
    ("hosts", "said"),
    [({"a b": "127.0.0.1"}, "'a b' is no name"), ({"a": "x"}, "address of host 'a' is 'x'")],
)
def test_what_would_break_the_file_is_refused(hosts: dict[str, str], said: str) -> None:
    """A name with a space, or a line end, would be another name; an address has to be one."""
    with pytest.raises(ArgolaneError, match=said):
        host_names.text(hosts, container="c", machines="")
