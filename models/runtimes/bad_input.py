"""What a client did wrong: known to every class that serves, also to those without numpy."""


class BadInput(ValueError):
    """The client's mistake: what was found, and what is expected."""
