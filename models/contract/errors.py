"""What a user can mend, as one exception: where, what was found, what is allowed, what to do."""


class ModelError(Exception):
    """A message for the person at the terminal; training prints it on stderr and exits with status 1."""
