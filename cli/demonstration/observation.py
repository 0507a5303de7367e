"""What the public API shows of a case, as far as a script can expect something of it."""

from collections.abc import Mapping
from datetime import datetime

from bootstrap.api_client import Json
from cli.demonstration.expectation import ObservedCase, ObservedDeferral, ObservedMaterial, ObservedRequest
from domain.codes import Outcome, ReplyCode
from domain.deferral import DeferralState, MaterialState


def observed_case(case: Json, journals: Mapping[str, Json], day_seconds: float) -> ObservedCase:
    """`journals`: what each department received, where a script asks for it."""
    outcome, lineage = case["outcome"], case["lineage"]
    coordination = case["coordination"] or {"requests": [], "deferrals": []}
    answered = {one["request_id"]: one["rounds"][-1] for one in coordination["requests"] if one["rounds"]}
    return ObservedCase(
        case_id=case["case_id"],
        outcome=Outcome(outcome["outcome"]) if outcome else None,
        requests=tuple(_request(one, journals, day_seconds) for one in coordination["requests"]),
        deferrals=tuple(_deferral(one, answered, day_seconds) for one in coordination["deferrals"]),
        closed_at=instant(case["closed_at"]),
        decided_by=outcome["decided_by"] if outcome else "",
        library_tag=case["triage"]["library_tag"] if case["triage"] else None,
        counted_in_rates=case["counted_in_rates"],
        same_facts_as=lineage["same_facts_as"],
        reopened_from=lineage["reopened_from"],
    )


def instant(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


def _request(request: Json, journals: Mapping[str, Json], day_seconds: float) -> ObservedRequest:
    rounds = request["rounds"]
    last = rounds[-1] if rounds else {}
    received = journals.get(request["department"] or "", {}).get("received", ())
    sent = [entry["data"]["fields"] for entry in received if _dispatched(entry, request["request_id"])]
    due_at = instant(last.get("due_at"))
    return ObservedRequest(
        key=request["key"],
        department=request["department"],
        party=request["party"],
        reply=ReplyCode(last["reply"]) if last.get("reply") else None,
        due_at=due_at,
        received_at=instant(last.get("received_at")),
        in_time=last.get("in_time"),
        rungs=_rungs(*rounds),
        sent_fields=tuple(sorted({name for fields in sent for name in fields})),
        text=last.get("reply_text") or "",
        bounces=request["bounces"],
        declined=tuple(one["department"] for one in rounds if one["reply"] == ReplyCode.NOT_MINE),
        due_days=_days(instant(last.get("opened_at")), due_at, day_seconds),
    )


def _deferral(deferral: Json, answered: Mapping[str, Json], day_seconds: float) -> ObservedDeferral:
    accepted_at = instant(answered.get(deferral["request_id"], {}).get("received_at"))
    return ObservedDeferral(
        key=_key(deferral["request_id"]),
        state=DeferralState(deferral["state"]),
        overridden=deferral["override_reason"] is not None,
        materials=tuple(_material(one, accepted_at, day_seconds) for one in deferral["materials"]),
        rectify_rungs=_rungs(deferral["rectification"]),
    )


def _material(material: Json, accepted_at: datetime | None, day_seconds: float) -> ObservedMaterial:
    due_at = instant(material["due_at"])
    submissions = material["submissions"]
    return ObservedMaterial(
        key=_key(material["material_id"]),
        name=material["name"],
        verifier=material["verifier"],
        state=MaterialState(material["state"]),
        due_at=due_at,
        due_days=_days(accepted_at, due_at, day_seconds),
        came_at=instant(submissions[-1]["at"]) if submissions else None,
        verified_at=instant(material["verified_at"]),
        rungs=_rungs(material["clock"]),
    )


def _rungs(*proofs: Json | None) -> tuple[str, ...]:
    return tuple(rung["rung"] for one in proofs if one for rung in one["rungs"])


def _days(start: datetime | None, end: datetime | None, day_seconds: float) -> float | None:
    return None if start is None or end is None else (end - start).total_seconds() / day_seconds


def _key(identifier: str) -> str:
    return identifier.partition(".")[2]


def _dispatched(entry: Json, request_id: str) -> bool:
    return bool(entry["request_id"] == request_id and entry.get("data"))
