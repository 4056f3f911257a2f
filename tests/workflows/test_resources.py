"""Resources of several units in, the largest of each out."""

import pytest

from models.contract.spec import Resources
from workflows.parts.resources import amount, largest


def test_the_largest_of_each_is_taken() -> None:
    """CPU and memory may come from two units, and quantities compare as the numbers that they are."""
    one = Resources(requests={"cpu": "50m", "memory": "192Mi"}, limits={"cpu": "1", "memory": "512Mi"})
    other = Resources(requests={"cpu": "0.1", "memory": "128Mi"}, limits={"memory": "1Gi"})
    assert largest([one, other]) == {
        "requests": {"cpu": "0.1", "memory": "192Mi"},
        "limits": {"cpu": "1", "memory": "1Gi"},
    }


@pytest.mark.parametrize(
    ("quantity", "number"), [("1", 1), ("0.5", 0.5), ("500m", 0.5), ("2k", 2000), ("1Ki", 1024), ("1G", 1e9)]
)
def test_quantities_are_numbers(quantity: str, number: float) -> None:
    """As Kubernetes reads them."""
    assert amount(quantity) == number
