"""The requester's own door for files: who may pass, what may not, and how much of it."""

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import time_machine

from api.throttle import FAILED_CODES_A_MINUTE
from domain.audit import AuditKind
from domain.file_kind import MAX_FILE_BYTES
from domain.person import PersonRole
from domain.progress_code import ATTEMPTS, FILES, FILES_WITHIN
from tests.api.conftest import Desk
from tests.api.handed_in import PROMISED, coordinated, hand_in, refused, sent, shelved
from tests.api.materials import PDF
from tests.api.test_progress import wrong
from tests.api.test_throttle import NOON


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
