"""The requester hands materials in: number and code in headers, one effect for each file, nothing of other cases."""

import asyncio
import hashlib
import io
import zipfile
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from httpx import AsyncClient, Response
from pydantic import TypeAdapter

from api.throttle import FAILED_CODES_A_MINUTE
from domain.audit import AuditKind
from domain.codes import Outcome
from domain.decision import Decision
from domain.deferral import Channel, DeferralSnapshot, DeferralState, MaterialState, Submission, SubmitMaterial
from domain.errors import conflict, unavailable
from domain.fact import FactKind
from domain.file_kind import MAX_FILE_BYTES
from domain.person import PersonRole
from domain.progress_code import ATTEMPTS, FILES, FILES_WITHIN
from domain.snapshot import OutcomeRecord
from domain.supplement import ReceiveSupplement
from tests.api.bodies import PLAN, REGISTRATION, TRIAGE
from tests.api.conftest import Desk
from tests.api.materials import DUE, PDF, deferral, notice
from tests.api.test_progress import wrong
from tests.api.test_throttle import NOON

PROMISED = "dissolve-m1"
CONTRACT = notice().materials[0].material
HELD = notice().materials[1].material
SHA = hashlib.sha256(PDF).hexdigest()
OTHER = PDF + b"% other\n"


async def coordinated(desk: Desk, external_id: str = "HK-1", **material: Any) -> dict[str, str]:
    """A running case with a promise and a notice out, and the code of its requester."""
    async with desk.client(PersonRole.CLERK) as clerk:
        made = (await clerk.post("/v1/cases", json=REGISTRATION | {"external_id": external_id})).json()
    case_id = made["case_id"]
    async with desk.client(PersonRole.DUTY_LEADER) as leader:
        await leader.post(f"/v1/cases/{case_id}/triage", json=TRIAGE)
        assert (await leader.post(f"/v1/cases/{case_id}/launch", json=PLAN)).status_code in (200, 202)
    promise = deferral(case_id)
    changed = promise.materials[0].model_copy(update=material)
    desk.engine.shown = {
        "deferrals": (promise.model_copy(update={"materials": (changed,)}),),
        "supplement": notice(),
    }
    desk.engine.effect = Taking(desk)
    return {"case_id": case_id, "code": made["progress_code"]}


class Taking:
    """What the coordination does with a material that comes."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def __call__(self, decision: Decision) -> None:
        shown, now = self._desk.engine.shown, self._desk.wall.now()
        if isinstance(decision, SubmitMaterial):
            (promise,) = TypeAdapter(tuple[DeferralSnapshot]).validate_python(shown["deferrals"])
            material = promise.materials[0]
            if material.state is MaterialState.VERIFYING:
                raise conflict("material-not-awaited", "this material is VERIFYING, said user:secret")
            came = Submission(
                number=1,
                at=decision.received_at or now,
                channel=decision.channel,
                sha256=decision.sha256,
                file_ref=decision.file_ref,
            )
            taken = material.model_copy(update={"state": MaterialState.VERIFYING, "submissions": (came,)})
            shown["deferrals"] = (promise.model_copy(update={"materials": (taken,)}),)
        if isinstance(decision, ReceiveSupplement):
            (one,) = decision.received
            out = notice()
            lines = tuple(
                line.model_copy(update={"received_at": decision.received_at or now, "received_as": one.received_as})
                if line.name == one.name
                else line
                for line in out.materials
            )
            shown["supplement"] = out.model_copy(update={"materials": lines})


async def hand_in(
    desk: Desk, known: dict[str, str], content: Any = PDF, *, material: str = PROMISED, key: str = "k", **headers: str
) -> Response:
    async with desk.client() as requester:
        return await sent(requester, known, content, material=material, key=key, **headers)


async def sent(
    client: AsyncClient, known: dict[str, str], content: Any, *, material: str = PROMISED, key: str = "k", **more: str
) -> Response:
    headers = {"Case-Number": known["case_id"], "Progress-Code": known["code"], "Idempotency-Key": key}
    headers |= {name.replace("_", "-"): value for name, value in more.items()}
    return await client.post(f"/v1/progress/materials/{material}/file", content=content, headers=headers)


async def seen(desk: Desk, known: dict[str, str]) -> dict[str, dict[str, Any]]:
    async with desk.client() as requester:
        shown = (await requester.post("/v1/progress", json=known)).json()
    return {item["material"]: item for item in shown["to_supply"]}


def shelved(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "materials").rglob("*") if path.is_file()]


def refused(response: Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


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


def polyglot() -> bytes:
    file = io.BytesIO()
    file.write(PDF)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("OFD.xml", "<x/>")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "headers", "status", "code"),
    [
        (b"", {}, 422, "file-empty"),
        (b"<html><script>1</script></html>", {"content_type": "application/pdf"}, 422, "file-kind-not-accepted"),
        (polyglot(), {}, 422, "file-kind-not-accepted"),
        (PDF, {"content_type": "image/png"}, 422, "file-kind-mismatch"),
        (PDF, {"content_type": "text/html"}, 422, "file-kind-mismatch"),
        (PDF, {"content_sha256": "0" * 64}, 422, "file-hash-mismatch"),
        (PDF + bytes(MAX_FILE_BYTES), {}, 413, "body-too-large"),
    ],
)
async def test_a_wrong_file_is_refused_and_nothing_is_kept(
    desk: Desk, tmp_path: Path, content: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    known = await coordinated(desk)
    assert refused(await hand_in(desk, known, content, **headers)) == (status, code)
    assert desk.engine.decisions == {}
    assert shelved(tmp_path) == []


async def test_no_byte_is_taken_from_whoever_does_not_have_the_code(desk: Desk) -> None:
    known = await coordinated(desk)
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield b"x" * 10_000

    guess = known | {"code": wrong(known["code"])}
    assert refused(await hand_in(desk, guess, endless())) == (404, "progress-unknown")
    assert taken == 0
    assert refused(await hand_in(desk, known, endless())) == (413, "body-too-large")
    assert taken > 0


async def test_a_body_that_does_not_come_is_not_waited_for(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.body_limit.FILE_TIMEOUT_SECONDS", 0.05)
    known = await coordinated(desk)

    async def stuck() -> AsyncIterator[bytes]:
        yield PDF
        await asyncio.sleep(60)
        raise AssertionError("nobody waits this long")

    response = await hand_in(desk, known, stuck())
    assert refused(response) == (408, "body-too-slow")
    assert response.headers["connection"] == "close"


async def test_wrong_code_unknown_case_another_case_and_a_locked_case_get_one_answer(desk: Desk) -> None:
    other = await coordinated(desk, "HK-2")
    known = await coordinated(desk)
    guesses = [
        known | {"code": wrong(known["code"])},
        known | {"case_id": "LD-2023-999999"},
        known | {"code": other["code"]},
    ]
    answers = [await hand_in(desk, guess) for guess in guesses]
    for _ in range(ATTEMPTS):
        await hand_in(desk, guesses[0])
    answers.append(await hand_in(desk, known))
    assert {one.status_code for one in answers} == {404}
    assert len({one.text for one in answers}) == 1
    assert len({tuple(sorted(one.headers)) for one in answers}) == 1
    assert desk.engine.decisions == {}
    async with desk.client(PersonRole.ADMIN) as admin:
        audit = (await admin.get("/v1/audit")).json()["items"]
    doors = [one for one in audit if one["kind"] == AuditKind.REFUSED and "progress" in one["subject"]]
    assert {(one["subject"], one["data"]["code"]) for one in doors} == {
        ("/v1/progress/materials/{material}/file", "progress-unknown")
    }
    assert known["code"] not in str(audit)


async def test_whoever_tries_many_cases_from_one_address_is_slowed_down_and_the_holder_is_not(desk: Desk) -> None:
    known = await coordinated(desk)
    other = await coordinated(desk, "HK-2")
    # The limiter reads the machine's clock: it stands still, however slow the machine is
    with time_machine.travel(NOON, tick=False):
        async with desk.client() as requester:
            assert (await requester.post("/v1/progress", json=known)).status_code == 200
            for number in range(FAILED_CODES_A_MINUTE):
                guess = {"case_id": f"LD-2023-{900_000 + number}", "code": known["code"]}
                assert (await requester.post("/v1/progress", json=guess)).status_code == 404
            unknown = await sent(requester, known | {"case_id": "LD-2023-999999"}, PDF)
            existing = await sent(requester, other, PDF)
            holder = await requester.post("/v1/progress", json=known)
    assert refused(unknown) == refused(existing) == (429, "too-many-failures")
    assert unknown.json() == existing.json()
    assert int(existing.headers["retry-after"]) >= 1
    assert holder.status_code == 200


async def test_a_case_takes_so_many_files_a_day(desk: Desk) -> None:
    known = await coordinated(desk)
    async with desk.client() as requester:
        for _ in range(FILES):
            assert (await sent(requester, known, b"")).status_code == 422
        full = await sent(requester, known, PDF)
        assert refused(full) == (429, "too-many-files")
        assert int(full.headers["retry-after"]) == FILES_WITHIN.total_seconds()
        assert (await requester.post("/v1/progress", json=known)).status_code == 200
        desk.wall.at += FILES_WITHIN
        assert (await sent(requester, known, PDF)).status_code == 200


@pytest.mark.parametrize("role", list(PersonRole))
async def test_staff_have_their_own_door(desk: Desk, role: PersonRole) -> None:
    known = await coordinated(desk)
    async with desk.client(role) as staff:
        assert refused(await sent(staff, known, PDF)) == (403, "staff-have-their-own-door")
    assert desk.engine.decisions == {}


@pytest.mark.parametrize("missing", ["Case-Number", "Progress-Code", "Idempotency-Key"])
async def test_every_header_is_needed(desk: Desk, missing: str) -> None:
    known = await coordinated(desk)
    headers = {"Case-Number": known["case_id"], "Progress-Code": known["code"], "Idempotency-Key": "k"}
    del headers[missing]
    async with desk.client() as requester:
        response = await requester.post(f"/v1/progress/materials/{PROMISED}/file", content=PDF, headers=headers)
    assert refused(response) == (422, "invalid-input")
    assert known["code"] not in response.text


@pytest.mark.parametrize("material", ["..%2F..%2Fetc", "a%00", "LD-2023-000001.dissolve-m1"])
async def test_a_name_is_never_a_path(desk: Desk, tmp_path: Path, material: str) -> None:
    known = await coordinated(desk)
    assert (await hand_in(desk, known, material=material)).status_code in (404, 422)
    assert shelved(tmp_path) == []
