"""What ends a command or a process without being a bug."""


class OperatorError(Exception):
    """The text is meant for the person at the terminal: what is wrong, and what to do next."""
