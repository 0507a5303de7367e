"""Files and letters over HTTP: what is taken in, what is turned away, who gets what back."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from httpx import Response

from api.body_limit import MAX_BODY_BYTES
from domain.deferral import DeferralState, Instrument, SubmitMaterial
from domain.fact import FactKind
from domain.file_kind import MAX_FILE_BYTES
from domain.person import PersonRole
from tests.api.bodies import REASON, launched
from tests.api.conftest import Desk, token
from tests.api.materials import PDF, deferral, notice, submission

SHA = hashlib.sha256(PDF).hexdigest()


async def sent(desk: Desk, case_id: str, content: bytes, *, who: Any = PersonRole.CLERK, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with desk.client(who) as client:
        url = f"/v1/cases/{case_id}/materials/{case_id}.dissolve-m1/file"
        return await client.post(url, content=content, headers={"Idempotency-Key": "k"} | named)


async def ready(desk: Desk, **changed: Any) -> str:
    case_id = await launched(desk)
    desk.engine.shown = {"deferrals": (deferral(case_id, **changed),)}
    return case_id


def shelved(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "materials").rglob("*") if path.is_file()]


async def test_a_file_is_kept_under_its_hash_and_the_case_is_told(desk: Desk, tmp_path: Path) -> None:
    case_id = await ready(desk)
    for _ in range(2):
        response = await sent(desk, case_id, PDF, content_type="application/pdf", content_sha256=SHA)
        assert response.status_code == 200, response.text
    (command,) = desk.engine.decisions.values()
    assert isinstance(command, SubmitMaterial)
    assert (command.sha256, command.file_ref) == (SHA, f"{SHA}.pdf")
    (kept,) = shelved(tmp_path)
    assert kept.read_bytes() == PDF
    other = await sent(desk, case_id, PDF + b"\n")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency-key-reused")


@pytest.mark.parametrize(
    ("content", "headers", "status", "code"),
    [
        (b"", {}, 422, "file-empty"),
        (b"<html><script>1</script></html>", {"content_type": "application/pdf"}, 422, "file-kind-not-accepted"),
        (PDF, {"content_type": "image/png"}, 422, "file-kind-mismatch"),
        (PDF, {"content_sha256": "0" * 64}, 422, "file-hash-mismatch"),
        (PDF, {"content_sha256": "zz"}, 422, "invalid-input"),
        (PDF + bytes(MAX_FILE_BYTES), {}, 413, "body-too-large"),
    ],
)
async def test_a_wrong_file_is_refused_and_nothing_is_kept(
    desk: Desk, tmp_path: Path, content: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    case_id = await ready(desk)
    response = await sent(desk, case_id, content, **headers)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert shelved(tmp_path) == []
    assert desk.engine.decisions == {}


async def test_a_large_file_is_taken(desk: Desk) -> None:
    case_id = await ready(desk)
    assert (await sent(desk, case_id, PDF + bytes(MAX_BODY_BYTES))).status_code == 200


@pytest.mark.parametrize(
    ("credentials", "refusal"),
    [
        ({}, (401, "token-missing")),
        ({"Authorization": "Bearer made-up"}, (401, "unknown-token")),
        ({"Authorization": f"Bearer {token(PersonRole.AUDITOR)}"}, (403, "not-your-role")),
    ],
)
async def test_no_byte_is_taken_from_whoever_may_not_record_a_material(
    desk: Desk, credentials: dict[str, str], refusal: tuple[int, str]
) -> None:
    case_id = await ready(desk)
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield b"x" * 10_000

    path = f"/v1/cases/{case_id}/materials/{case_id}.dissolve-m1/file"
    async with desk.client() as client:
        response = await client.post(path, content=endless(), headers={"Idempotency-Key": "scan", **credentials})
    assert (response.status_code, response.json()["code"]) == refusal
    assert taken == 0


async def test_no_file_for_a_material_that_the_case_does_not_have(desk: Desk, tmp_path: Path) -> None:
    case_id = await launched(desk)
    response = await sent(desk, case_id, PDF)
    assert (response.status_code, response.json()["code"]) == (404, "no-such-material")
    async with desk.client(PersonRole.CLERK) as clerk:
        for wrong in ("..%2F..%2Fetc", "x.y", "LD-2023-000001.a%00"):
            url = f"/v1/cases/{case_id}/materials/{wrong}/file"
            response = await clerk.post(url, content=PDF, headers={"Idempotency-Key": "k"})
            assert response.status_code in (404, 422)
    assert shelved(tmp_path) == []


async def test_the_download_cannot_run_and_is_on_record(desk: Desk) -> None:
    case_id = await ready(desk)
    await sent(desk, case_id, PDF)
    desk.engine.shown = {"deferrals": (deferral(case_id, submission(1, SHA)),)}
    async with desk.client(PersonRole.DUTY_LEADER) as leader:
        file = await leader.get(f"/v1/cases/{case_id}/materials/{case_id}.dissolve-m1/file")
    assert (file.status_code, file.content) == (200, PDF)
    assert file.headers["content-type"] == "application/pdf"
    assert file.headers["content-disposition"] == f'attachment; filename="{case_id}.dissolve-m1-1.pdf"'
    assert file.headers["x-content-type-options"] == "nosniff"
    assert file.headers["cache-control"] == "no-store"
    assert "sandbox" in file.headers["content-security-policy"]
    async with desk.store.reading() as session:
        opened = [one.fact for one in await session.facts.of_case(case_id) if one.fact.kind is FactKind.MATERIAL_OPENED]
    assert [one.actor for one in opened] == ["user:duty_leader"]


@pytest.mark.parametrize(
    ("who", "verifier", "status"),
    [
        (PersonRole.CLERK, "market", 200),
        (PersonRole.SUPERVISOR, "market", 200),
        (PersonRole.DEPARTMENT_OFFICER, "market", 200),
        (PersonRole.DEPARTMENT_OFFICER, "police", 404),
        ("other_leader", "market", 403),
        (PersonRole.AUDITOR, "market", 403),
        (PersonRole.ADMIN, "market", 403),
    ],
)
async def test_only_those_who_handle_it_get_the_file(desk: Desk, who: Any, verifier: str, status: int) -> None:
    case_id = await ready(desk)
    await sent(desk, case_id, PDF)
    desk.engine.shown = {"deferrals": (deferral(case_id, submission(1, SHA), verifier=verifier),)}
    async with desk.client(who) as client:
        file = await client.get(f"/v1/cases/{case_id}/materials/{case_id}.dissolve-m1/file")
    assert file.status_code == status, file.text
    assert (file.content == PDF) == (status == 200)


async def test_a_submission_without_a_file_has_none(desk: Desk) -> None:
    case_id = await ready(desk)
    async with desk.client(PersonRole.CLERK) as clerk:
        file = await clerk.get(f"/v1/cases/{case_id}/materials/{case_id}.dissolve-m1/file?submission=1")
    assert (file.status_code, file.json()["code"]) == (404, "no-such-file")


async def test_only_the_supervisor_clears_a_suspicion(desk: Desk) -> None:
    case_id = await ready(desk)
    url = f"/v1/cases/{case_id}/materials/{case_id}.dissolve-m1/clear"
    for who, status in ((PersonRole.DUTY_LEADER, 403), (PersonRole.SUPERVISOR, 200)):
        async with desk.client(who) as client:
            response = await client.post(url, json=REASON | {"genuine": True}, headers={"Idempotency-Key": "k"})
        assert response.status_code == status


@pytest.mark.parametrize(
    ("instrument", "title", "says"),
    [
        (Instrument.ISSUE_THEN_VERIFY, "告知承诺书", "责令限期改正（5个工作日）"),
        (Instrument.HOLD_UNTIL_COMPLETE, "容缺受理承诺书", "退回申请材料，视为撤回申请"),
    ],
)
async def test_the_commitment_letter_says_who_what_until_when_and_what_otherwise(
    desk: Desk, instrument: Instrument, title: str, says: str
) -> None:
    case_id = await ready(desk, instrument=instrument)
    url = f"/v1/cases/{case_id}/requests/dissolve/commitment-letter"
    async with desk.client(PersonRole.CLERK) as clerk:
        letter = await clerk.get(url)
    assert letter.headers["content-type"] == "text/plain; charset=utf-8"
    assert letter.text.startswith(title)
    for wanted in (
        says, case_id, "某餐饮有限公司", "食品经营许可", "新法定代表人身份证原件", "2023年1月10日 17:00",
        "邮寄、网上提交", "凭案件编号和进度查询码", "with the case number and the progress code", "市场监督管理局",
        "本人承诺 五个工作日内邮寄原件。", "Letter of commitment", "材料形式：原件",
        "出具或者保管单位：新法定代表人本人", "核验方式：与远程视频记录比对", "how: 与远程视频记录比对",
    ):  # fmt: skip
        assert wanted in letter.text, wanted
    assert "310000199001010010" not in letter.text


async def test_a_letter_waits_for_the_approval(desk: Desk) -> None:
    case_id = await ready(desk)
    unapproved = deferral(case_id).model_copy(update={"state": DeferralState.UNAPPROVED})
    url = f"/v1/cases/{case_id}/requests/dissolve/commitment-letter"
    async with desk.client(PersonRole.CLERK) as clerk:
        desk.engine.shown = {"deferrals": (unapproved,)}
        early = await clerk.get(url)
        desk.engine.shown = {}
        none = await clerk.get(url)
    assert (early.status_code, early.json()["code"]) == (409, "deferral-not-running")
    assert (none.status_code, none.json()["code"]) == (404, "no-such-deferral")


async def test_the_notice_asks_once_and_not_for_what_a_department_holds(desk: Desk) -> None:
    case_id = await launched(desk)
    url = f"/v1/cases/{case_id}/supplement-notice"
    async with desk.client(PersonRole.CLERK) as clerk:
        none = await clerk.get(url)
        desk.engine.shown = {"supplement": notice()}
        letter = (await clerk.get(url)).text
    assert (none.status_code, none.json()["code"]) == (404, "no-such-notice")
    needed, _, held = letter.partition("二、")
    assert "租赁合同——市场监督管理局、公安分局" in needed
    assert "户籍证明" not in needed
    assert "户籍证明——向公安分局调取" in held
    assert "凭案件编号和进度查询码" in letter
    assert "with the case number and the progress code" in letter
    assert "2023年1月10日 17:00" in letter
