"""What units tell Prometheus of drift, read again for a person."""

import pytest

from argolane.serving.live_drift import Watched, live_drift

PAGE = """
# TYPE argolane_drift_rows gauge
argolane_drift_rows{container="b",pod="p",worker_id="1"} 10
argolane_drift_rows{container="a",pod="p",worker_id="1"} 60
argolane_drift_rows{container="a",pod="p",worker_id="2"} 40
# TYPE argolane_drift_psi_max gauge
argolane_drift_psi_max{container="a",pod="p",worker_id="1"} 0.4
argolane_drift_psi_max{container="a",pod="p",worker_id="2"} 0.2
# TYPE argolane_drift_features gauge
argolane_drift_features{container="a",pod="p",worker_id="1"} 1
# TYPE argolane_drift_features_watched gauge
argolane_drift_features_watched{container="a",pod="p",worker_id="1"} 0
# TYPE argolane_drift_psi gauge
argolane_drift_psi{container="a",feature="low",pod="p",worker_id="1"} 0.1
argolane_drift_psi{container="a",feature="high",pod="p",worker_id="1"} 0.4
# TYPE other gauge
other{container="c",pod="p"} 1
"""


def test_units_are_told_apart_and_workers_are_one() -> None:
    """Rows add up; of two workers the one counts that has moved further; few rows have no figures."""
    assert live_drift(PAGE) == [
        Watched("p", "a", 100, 1, 0, 0.4, {"high": 0.4, "low": 0.1}),
        Watched("p", "b", 10, None, None, None, {}),
    ]
    assert list(live_drift(PAGE)[0].features) == ["high", "low"]


def test_another_page_is_none() -> None:
    """Nothing of drift is an empty answer, and what is no page of metrics an error."""
    assert live_drift("# TYPE other gauge\nother 1\n") == []
    with pytest.raises(ValueError, match=r"could not|[Ii]nvalid"):
        live_drift("<html>{")
