"""The requester hands materials in: number and code in headers, one effect for each file, nothing of other cases."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from domain.codes import Outcome
from domain.decision import Decision
from domain.deferral import Channel, DeferralSnapshot, DeferralState, MaterialState, SubmitMaterial
from domain.errors import conflict, unavailable
from domain.fact import FactKind
from domain.person import PersonRole
from domain.snapshot import OutcomeRecord
from domain.supplement import ReceiveSupplement
from tests.api.bodies import REGISTRATION
from tests.api.conftest import Desk
from tests.api.handed_in import CONTRACT, HELD, OTHER, PROMISED, SHA, coordinated, hand_in, refused, seen, shelved
from tests.api.materials import DUE, PDF


async def test_a_promised_material_goes_in_and_is_seen_as_being_looked_at(desk: Desk, tmp_path: Path) -> None:
    known = await coordinated(desk)
    before = (await seen(desk, known))[PROMISED]
    response = await hand_in(desk, known, content_type="application/pdf", content_sha256=SHA)
    assert response.status_code == 200, response.text
    assert (before["online"], before["handed_in_at"]) == (True, None)
    receipt = response.json()
    assert (receipt["material"], receipt["sha256"]) == (PROMISED, SHA)
    after = (await seen(desk, known))[PROMISED]
    assert (after["online"], after["handed_in_at"]) == (False, receipt["handed_in_at"])
    assert "2023-01-03 09:30 提交，正在核验" in after["status"]["zh"]
    assert after["status"]["en"] == "handed in on 2023-01-03 09:30, being looked at"
    (command,) = desk.engine.decisions.values()
    assert isinstance(command, SubmitMaterial)
    assert (command.decided_by, command.channel, command.sha256) == ("requester", Channel.ONLINE, SHA)
    assert [path.name for path in shelved(tmp_path)] == [f"{SHA}.pdf"]


async def test_a_line_of_the_notice_goes_in_and_those_who_handle_it_can_open_it(desk: Desk) -> None:
    known = await coordinated(desk)
    assert (await hand_in(desk, known, material=CONTRACT)).status_code == 200
    (command,) = desk.engine.decisions.values()
    assert isinstance(command, ReceiveSupplement)
    assert (command.decided_by, command.enough) == ("requester", False)
    assert [(one.name, one.received_as) for one in command.received] == [("租赁合同", f"{SHA}.pdf")]
    assert "提交，正在核验" in (await seen(desk, known))[CONTRACT]["status"]["zh"]
    url = f"/v1/cases/{known['case_id']}/supplement/{CONTRACT}/file"
    for who, status in (
        (PersonRole.CLERK, 200), (PersonRole.DEPARTMENT_OFFICER, 200), ("other_leader", 403), (PersonRole.AUDITOR, 403),
    ):  # fmt: skip
        async with desk.client(who) as client:
            file = await client.get(url)
        assert file.status_code == status, file.text
        assert (file.content == PDF) == (status == 200)
    async with desk.store.reading() as session:
        facts = [one.fact for one in await session.facts.of_case(known["case_id"])]
    assert [one.actor for one in facts if one.kind is FactKind.MATERIAL_OPENED] == [
        "user:clerk",
        "user:department_officer",
    ]
    async with desk.client(PersonRole.CLERK) as clerk:
        none = await clerk.get(f"/v1/cases/{known['case_id']}/supplement/{HELD}/file")
    assert refused(none) == (404, "no-such-file")


@pytest.mark.parametrize("material", [PROMISED, CONTRACT])
async def test_the_same_file_has_one_effect_and_another_under_its_key_is_a_conflict(
    desk: Desk, tmp_path: Path, material: str
) -> None:
    known = await coordinated(desk)
    receipts = [await hand_in(desk, known, material=material, key=key) for key in ("k", "k", "another")]
    assert {one.status_code for one in receipts} == {200}
    assert len({one.text for one in receipts}) == 1
    other = await hand_in(desk, known, OTHER, material=material)
    assert other.status_code == 409
    assert len(desk.engine.decisions) == 1
    assert len(shelved(tmp_path)) == 1


@pytest.mark.parametrize("material", [PROMISED, CONTRACT])
async def test_it_is_judged_by_when_it_reached_us_however_slow_the_engine_is(desk: Desk, material: str) -> None:
    known = await coordinated(desk)
    taking = desk.engine.effect
    assert taking is not None
    desk.wall.at = DUE - timedelta(seconds=1)

    def slowly(decision: Decision) -> None:
        desk.wall.at += timedelta(minutes=1)
        taking(decision)

    desk.engine.effect = slowly
    receipt = await hand_in(desk, known, material=material)
    assert receipt.status_code == 200, receipt.text
    (command,) = desk.engine.decisions.values()
    assert isinstance(command, SubmitMaterial | ReceiveSupplement)
    assert command.received_at == DUE - timedelta(seconds=1)
    assert datetime.fromisoformat(receipt.json()["handed_in_at"]) == command.received_at


async def test_the_same_file_under_its_key_is_no_other_one_because_it_comes_later(desk: Desk) -> None:
    known = await coordinated(desk)
    taking = desk.engine.effect

    def unconfirmed(_: Decision) -> None:
        raise unavailable("engine-unavailable", "not confirmed in time")

    desk.engine.effect = unconfirmed
    assert refused(await hand_in(desk, known)) == (503, "engine-unavailable")
    desk.engine.effect = taking
    desk.wall.at += timedelta(minutes=5)
    assert (await hand_in(desk, known)).status_code == 200


async def test_a_key_stands_for_one_file_also_while_the_material_is_awaited(desk: Desk) -> None:
    known = await coordinated(desk)
    desk.engine.effect = None
    assert refused(await hand_in(desk, known)) == (409, "material-not-awaited")
    assert refused(await hand_in(desk, known, OTHER)) == (409, "idempotency-key-reused")


async def test_the_same_file_at_the_same_time_gets_two_receipts_and_has_one_effect(desk: Desk) -> None:
    known = await coordinated(desk)
    both = await asyncio.gather(*(hand_in(desk, known, key=key) for key in ("a", "b")))
    assert [one.status_code for one in both] == [200, 200]
    assert both[0].json() == both[1].json()
    assert len(desk.engine.decisions) == 1


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"state": MaterialState.VERIFYING}, 409, "material-not-awaited"),
        ({"state": MaterialState.VERIFIED}, 409, "material-not-awaited"),
        ({"state": MaterialState.SUSPECT}, 409, "material-not-awaited"),
        ({"state": MaterialState.FAILED}, 409, "material-not-awaited"),
        ({"channels": (Channel.POST,)}, 422, "channel-not-agreed"),
    ],
)
async def test_what_is_not_awaited_here_is_refused_and_nothing_is_kept(
    desk: Desk, tmp_path: Path, change: dict[str, Any], status: int, code: str
) -> None:
    known = await coordinated(desk, **change)
    response = await hand_in(desk, known)
    assert refused(response) == (status, code)
    assert desk.engine.decisions == {}
    assert shelved(tmp_path) == []


@pytest.mark.parametrize("state", [MaterialState.OVERDUE, MaterialState.REJECTED])
async def test_what_is_overdue_or_was_rejected_is_still_taken(desk: Desk, state: MaterialState) -> None:
    known = await coordinated(desk, state=state)
    assert (await hand_in(desk, known)).status_code == 200


@pytest.mark.parametrize(("false", "status"), [(False, 200), (True, 409)])
async def test_late_is_not_never_until_the_result_is_revoked_unless_a_paper_was_found_false(
    desk: Desk, false: bool, status: int
) -> None:
    known = await coordinated(desk)
    (promise,) = TypeAdapter(tuple[DeferralSnapshot]).validate_python(desk.engine.shown["deferrals"])
    failed = promise.materials[0].model_copy(update={"state": MaterialState.FAILED, "found_false": false})
    broken = {"state": DeferralState.REVOCATION_PROPOSED, "materials": (failed,)}
    desk.engine.shown["deferrals"] = (promise.model_copy(update=broken),)
    told = (await seen(desk, known))[PROMISED]
    assert told["online"] is not false
    assert ("请尽快提交" in told["status"]["zh"]) is not false
    assert (await hand_in(desk, known)).status_code == status


async def test_a_refusal_of_the_engine_names_nobody(desk: Desk) -> None:
    known = await coordinated(desk)

    def full(_: Decision) -> None:
        raise conflict("case-ended", "the case ended as DONE, decided by user:secret")

    desk.engine.effect = full
    response = await hand_in(desk, known)
    assert refused(response) == (409, "case-ended")
    assert "secret" not in response.text


@pytest.mark.parametrize("material", [HELD, "n-0000000000000000", "licence-m1", "owner-m1"])
async def test_what_is_not_asked_of_the_requester_does_not_exist(desk: Desk, tmp_path: Path, material: str) -> None:
    known = await coordinated(desk)
    assert refused(await hand_in(desk, known, material=material)) == (404, "no-such-material")
    assert shelved(tmp_path) == []


async def test_an_ended_case_takes_nothing_more(desk: Desk, tmp_path: Path) -> None:
    known = await coordinated(desk)
    desk.engine.shown["outcome"] = OutcomeRecord(
        outcome=Outcome.DONE, decided_by="user:secret", decided_at=DUE, reason="x"
    )
    response = await hand_in(desk, known)
    assert refused(response) == (409, "case-ended")
    assert "secret" not in response.text
    assert shelved(tmp_path) == []


async def test_before_the_launch_nothing_is_awaited(desk: Desk) -> None:
    async with desk.client(PersonRole.CLERK) as clerk:
        made = (await clerk.post("/v1/cases", json=REGISTRATION)).json()
    known = {"case_id": made["case_id"], "code": made["progress_code"]}
    assert refused(await hand_in(desk, known)) == (409, "not-coordinating")


async def test_with_the_engine_away_nothing_is_stored_half_and_the_same_goes_in_later(
    desk: Desk, tmp_path: Path
) -> None:
    known = await coordinated(desk)
    desk.engine.away = True
    away = await hand_in(desk, known)
    assert refused(away) == (503, "engine-unavailable")
    assert int(away.headers["retry-after"]) >= 1
    assert shelved(tmp_path) == []
    desk.engine.away = False
    assert (await hand_in(desk, known)).status_code == 200
    assert len(desk.engine.decisions) == 1
