"""What leaves for a department: exactly the listed fields of a round, whatever else the case knows."""

import json
from datetime import UTC, datetime

from pydantic import JsonValue

from domain.dispatch import Dispatch, Withdrawal
from domain.ids import round_id


def written(kind: str, now: datetime, data: dict[str, JsonValue]) -> str:
    return json.dumps({"type": kind, "timestamp": _written(now), "data": data}, ensure_ascii=False)


def dispatched(dispatch: Dispatch) -> dict[str, JsonValue]:
    return {
        "request_id": dispatch.request_id,
        "round": dispatch.round,
        "idempotency_key": dispatch.idempotency_key,
        "case_id": dispatch.case_id,
        "role": dispatch.role.value,
        "text": dispatch.text,
        "note": dispatch.note,
        "ruling": dispatch.ruling,
        "fields": dict(dispatch.fields),
        "dispatched_at": _written(dispatch.dispatched_at),
        "due_at": _written(dispatch.due_at),
        "sign_due_at": _written(dispatch.sign_due_at),
        "urgent": dispatch.urgent,
    }


def withdrawn(withdrawal: Withdrawal) -> dict[str, JsonValue]:
    return {
        "request_id": withdrawal.request_id,
        "round": withdrawal.round,
        "idempotency_key": round_id(withdrawal.request_id, withdrawal.round),
        "case_id": withdrawal.case_id,
        "reason": withdrawal.reason,
    }


def _written(instant: datetime | None) -> str | None:
    return instant.astimezone(UTC).isoformat() if instant else None
