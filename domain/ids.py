"""How identifiers are built and read. None holds personal data; all are safe in URLs and as Temporal ids."""

import re

CASE_ID = r"^LD-\d{4}-\d{6,9}$"
"""Six digits until a year has more than 999,999 cases."""
REQUEST_ID = r"^LD-\d{4}-\d{6,9}\.[a-z][a-z0-9_-]{0,31}$"


def case_id(year: int, serial: int) -> str:
    """The case number, which is also the workflow id: `LD-2026-000123`."""
    return f"LD-{year:04d}-{serial:06d}"


def request_id(case: str, key: str) -> str:
    return f"{case}.{key}"


def case_of(request: str) -> str | None:
    """The case of a request id, or None when it is not one."""
    return request.partition(".")[0] if re.match(REQUEST_ID, request) else None


def round_id(request: str, number: int) -> str:
    """Names one round: the activity id that awaits its reply, and the idempotency key of all its sends."""
    return f"{request}.r{number}"
