"""A demonstration case that does not come to its end is shown as it stands, with what stopped it."""

from io import StringIO
from pathlib import Path
from typing import Any

from rich.console import Console

from bootstrap.api_client import ApiClient, Json
from bootstrap.api_error import ApiRefusal
from cli.demonstration.board import board_for
from cli.demonstration.runner import Players, Runner
from cli.demonstration.script import load_scripts

CASE = "LD-2026-000001"
SCRIPTS = Path(__file__).parents[2] / "policies" / "demonstration"
ROUND = {
    "department": "culture",
    "opened_at": "2026-02-16T01:00:00Z",
    "due_at": "2026-02-17T09:00:00Z",
    "reply": "NOT_MINE",
    "rungs": [],
}
PERMIT = {"key": "permit", "department": "culture", "party": None, "bounces": 1, "rounds": [ROUND]}
SHOWN = {
    "case_id": CASE,
    "outcome": None,
    "closed_at": None,
    "triage": None,
    "counted_in_rates": True,
    "lineage": {"same_facts_as": None, "reopened_from": None},
    "coordination": {"requests": [PERMIT | {"request_id": f"{CASE}.permit"}], "deferrals": []},
}


class Door(ApiClient):
    """Registers, and says no to everything that comes after."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1", None)

    async def post(self, path: str, body: Json, *, key: str | None = None) -> Json:
        if path == "/v1/cases":
            return {"case_id": CASE, "progress_code": None}
        raise ApiRefusal(409, {"type": "urn:liandong:problem:not-coordinating", "detail": "turned away"})

    async def get(self, path: str, **query: Any) -> Json:
        return {"facts": [{"kind": "REGISTERED", "data": {}}]} if path.endswith("/timeline") else SHOWN


async def test_a_case_that_is_stopped_shows_whom_it_has_asked() -> None:
    (script,) = [one for one in load_scripts(SCRIPTS) if one.id == "X-2"]
    door = Door()
    runner = Runner(
        Players(door, door, door, door, day_seconds=1.0), board_for(Console(file=StringIO()), [script]), run=1
    )

    (result,) = await runner.play([script])

    assert "the API said no: turned away" in result.seen.trouble
    assert [(one.key, one.department, one.bounces) for one in result.seen.requests] == [("permit", "culture", 1)]
    assert result.seen.facts == ("REGISTERED",)
