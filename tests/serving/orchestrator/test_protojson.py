"""The strict reading of Seldon's messages."""

from argolane.serving.orchestrator import protojson


def test_text_after_a_message_is_not_looked_at() -> None:
    """The executor's reader stops at the end of the object, too."""
    assert protojson.feedback(b' {"reward":1} and more') == {"reward": 1.0}
