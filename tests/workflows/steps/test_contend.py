"""Two registered versions in, which may serve out."""

import pytest

from models.registry.rest import Registered
from workflows.parts.steps.contend import contend, fetched_from

TAGS = {"metric": "rmse", "better": "lower", "value": "0.62", "judged_on": "wine 1", "dataset": "wine (9/3)",
        "version": "0.1"}  # fmt: skip


def version(number: str, **tags: str) -> Registered:
    return Registered(number, "", "", {**TAGS, **tags})


def test_no_worse_than_the_champion() -> None:
    """In the metric's own direction; as good is good enough, and the champion itself is."""
    new = version("2")
    assert contend(new, None) == contend(new, version("1")) == contend(new, version("2", value="0.1")) == ""
    assert contend(new, version("1", value="0.7")) == ""
    said = contend(new, version("1", value="0.6"))
    assert said == "rmse 0.6200 is worse than rmse 0.6000 of champion 1 (0.1)"
    higher = {"metric": "r2", "better": "higher"}
    assert contend(version("2", **higher), version("1", value="0.6", **higher)) == ""
    assert contend(version("2", value="nan"), version("1"))


@pytest.mark.parametrize(
    "changed", [{"judged_on": "wine 2"}, {"metric": "mae"}, {"better": "higher"}, {"dataset": "other"}]
)
def test_other_rows_are_no_comparison(changed: dict[str, str]) -> None:
    """However good it is there."""
    assert "no comparison" in contend(version("2", value="0.1"), version("1", **changed))


def test_a_champion_that_was_made_by_hand() -> None:
    """Without our tags nothing is known of it."""
    assert contend(version("2"), Registered("1", "", "", {"value": "1"})).startswith(
        "champion 1 has no tag metric"
    )


def test_a_server_fetches_from_the_artifact_store() -> None:
    """MLflow's own scheme is a place there; an address of another kind is one already."""
    assert fetched_from("mlflow-artifacts:/1/models/m-1", "s3://b/p/") == "s3://b/p/1/models/m-1"
    assert fetched_from("mlflow-artifacts:///1/m", "s3://b") == "s3://b/1/m"
    assert fetched_from("s3://other/1", "s3://b") == "s3://other/1"
