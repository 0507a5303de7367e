"""Names of the task queues, in one place."""

ENGINE_QUEUE = "liandong-engine"
"""Workflows, records and notices."""


def department_queue(department: str) -> str:
    """The queue that this department's adapter worker polls, possibly inside that department's network."""
    return f"department-{department}"
