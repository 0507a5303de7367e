"""The rounds that a department is asked during a conformance run: right ones, and changed copies that are not."""

import secrets as randomness
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from pydantic import JsonValue

from adapters.department_message import dispatched, withdrawn
from domain.codes import Role, Technique
from domain.department import DepartmentRoute
from domain.dispatch import Dispatch, Withdrawal
from domain.ids import case_id, round_id

CODE = "certify"
_ROUTE = DepartmentRoute(code=CODE, technique=Technique.WEBHOOK)
"""Needed to build a message; the message itself names no technique."""


@dataclass(frozen=True)
class Request:
    """One round that the department is asked; changed copies of it are what goes wrong."""

    case: str
    number: int = 1
    text: str = "联调测试，请直接答复 · Conformance test: please answer ACCEPTED"
    due_in: timedelta = timedelta(days=5)
    extra: Mapping[str, JsonValue] = field(default_factory=dict)

    @property
    def request_id(self) -> str:
        return f"{self.case}.certify"

    @property
    def round(self) -> str:
        return round_id(self.request_id, self.number)

    def dispatched(self) -> dict[str, JsonValue]:
        """As the product would send it now, with what this copy has beyond that."""
        now = datetime.now(UTC)
        sent = Dispatch(
            case_id=self.case,
            request_id=self.request_id,
            round=self.number,
            department=_ROUTE,
            role=Role.LEAD,
            text="",
            fields={"item": "联调测试"},
            dispatched_at=now,
            due_at=now + self.due_in,
            sign_due_at=now + self.due_in / 2,
        )
        return dispatched(sent) | {"text": self.text, **self.extra}

    def withdrawn(self) -> dict[str, JsonValue]:
        over = Withdrawal(
            case_id=self.case,
            request_id=self.request_id,
            round=self.number,
            department=_ROUTE,
            reason="联调测试结束",
        )
        return withdrawn(over)


class Requests:
    """Fresh ones; the numbers differ from run to run, so that a department may be certified again."""

    def __init__(self) -> None:
        self._serial = randomness.randbelow(900_000)

    def new(self) -> Request:
        self._serial += 1
        return Request(case_id(2099, self._serial))


def next_round(request: Request) -> Request:
    return replace(request, number=request.number + 1)
