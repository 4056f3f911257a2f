"""The executor's labels."""

from argolane.serving.orchestrator.metrics import split_image


def test_image_is_split_at_its_tag() -> None:
    """The port of a registry is none."""
    assert split_image("registry:5000/a/b:1.2") == ("registry:5000/a/b", "1.2")
    assert split_image("registry:5000/a/b") == ("registry:5000/a/b", "")
