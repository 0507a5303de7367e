"""`liandong evidence …` on a real store: what an operator reads, and which exit status a script sees."""

import asyncio
import json
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adapters.department_line import LineOptions
from adapters.exchange_file import ExchangeFile
from bootstrap.open_store import open_store
from bootstrap.settings import Settings, load_settings
from cli.main import app
from domain.audit import AuditKind, AuditRecord
from domain.codes import Technique
from domain.department_failure import DepartmentUnavailable
from domain.exchange import Exchange
from domain.fact import FactKind
from simulators.script import Behaviour
from tests.adapters.arrangement import CASE, arranged, dispatch
from tests.store.samples import fact, record

RUNNER = CliRunner()


@pytest.fixture
def worker_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An isolated worker tried twice; the first attempt failed. The store has the case and its fact, not the bytes."""
    monkeypatch.setenv("LIANDONG_DATA_DIR", str(tmp_path / "data"))
    path = tmp_path / "exchanges.jsonl"
    asyncio.run(_delivered(path, load_settings()))
    return path


async def _delivered(path: Path, settings: Settings) -> None:
    sent = dispatch(Technique.POLLED)
    async with arranged(Technique.POLLED, LineOptions(exchanges=ExchangeFile(path))) as housing:
        housing.behave(Behaviour(fail_first=1, answer_after=None))
        with pytest.raises(DepartmentUnavailable):
            await housing.adapter.deliver(sent)
        receipt = await housing.adapter.deliver(sent)
    async with open_store(settings) as store, store.writing() as session:
        await session.cases.add(record())
        told = fact("d", kind=FactKind.DELIVERED, data=receipt.told())
        await session.facts.append(CASE, [told.model_copy(update={"request_id": sent.request_id, "round": 1})])


def said(*arguments: object) -> tuple[int, str]:
    answer = RUNNER.invoke(app, ["evidence", *map(str, arguments)])
    assert answer.exception is None or isinstance(answer.exception, SystemExit), answer.exception
    return answer.exit_code, " ".join(answer.output.split())


def lines_of(path: Path, change: Callable[[Exchange], Exchange]) -> bytes:
    whole = [Exchange.model_validate_json(line) for line in path.read_bytes().splitlines()]
    return b"".join(change(one).model_dump_json().encode() + b"\n" for one in whole)


def test_a_retried_delivery_is_taken_in_once_and_is_no_failure(worker_file: Path) -> None:
    status, before = said("list", CASE)
    assert (status, "with the worker" in before) == (0, True)
    assert "liandong evidence import" in before

    status, first = said("import", worker_file)
    assert status == 0, first
    assert "taken in: 1; 已有 known: 0; 拒收 refused: 0" in first
    assert "1 次未成功的发送未纳入" in first

    status, again = said("import", worker_file)
    assert status == 0
    assert "taken in: 0; 已有 known: 1; 拒收 refused: 0" in again

    status, after = said("list", CASE)
    assert (status, after.count("✓ 与事实相符"), "with the worker" in after) == (0, 2, False)


def test_an_altered_file_is_refused_and_told_what_to_do(worker_file: Path) -> None:
    worker_file.write_bytes(lines_of(worker_file, lambda one: one.model_copy(update={"body": one.body + b" "})))
    status, told = said("import", worker_file)
    assert status == 1
    assert "taken in: 0" in told
    assert "line 4: its bytes are not those that the facts vouch for" in told
    assert "backup" in told


def test_the_file_of_another_installation_is_refused(worker_file: Path) -> None:
    elsewhere = "LD-2031-000077.licence.r1"
    worker_file.write_bytes(lines_of(worker_file, lambda one: one.model_copy(update={"rounds": (elsewhere,)})))
    status, told = said("import", worker_file)
    assert status == 1
    assert told.count("about a case that this store does not know") == 2, "one line an attempt, not one a line"
    assert "LIANDONG_DATA_DIR" in told


def test_a_line_being_written_is_no_failure(worker_file: Path) -> None:
    """The next message is on its way: no fact can tell of it yet."""
    last = Exchange.model_validate_json(worker_file.read_bytes().splitlines()[-1])
    following = last.model_copy(update={"entry_id": "next", "status": None, "reply": b""}).model_dump_json().encode()
    whole = worker_file.read_bytes()
    worker_file.write_bytes(whole + following + b"\n" + following[:-40])
    status, told = said("import", worker_file)
    assert (status, "taken in: 1" in told) == (0, True), told
    assert "line 6 is half a line: import the file again later" in told


def test_a_cut_file_is_said_and_mended_by_the_whole_one(worker_file: Path) -> None:
    whole = worker_file.read_bytes()
    worker_file.write_bytes(whole[:-40])
    status, told = said("import", worker_file)
    assert (status, "line 3: its answer is not in this file" in told) == (1, True), told
    worker_file.write_bytes(whole)
    assert said("import", worker_file)[0] == 0
    assert said("list", CASE)[1].count("✓ 与事实相符") == 2


def test_a_torn_line_swallows_none_that_follows(worker_file: Path) -> None:
    whole = worker_file.read_bytes()
    last = Exchange.model_validate_json(whole.splitlines()[-1])
    worker_file.write_bytes(whole[:-40])
    asyncio.run(ExchangeFile(worker_file).keep(last))
    status, told = said("import", worker_file)
    assert (status, "taken in: 1" in told) == (1, True)
    assert "line 4: no message that can be read" in told


def test_what_is_no_file_of_a_worker_is_said(worker_file: Path, tmp_path: Path) -> None:
    assert said("import", tmp_path / "nowhere")[0] == 2
    worker_file.write_bytes(b"PK\x03\x04 an archive\n")
    status, told = said("import", worker_file)
    assert (status, "no message that can be read" in told) == (1, True)
    worker_file.write_bytes(b"")
    assert said("import", worker_file) == (0, "✓ 新增 taken in: 0; 已有 known: 0; 拒收 refused: 0")


def test_an_unknown_case_is_said(worker_file: Path) -> None:
    for command in (["list", "LD-2031-000001"], ["export", "LD-2031-000001", "--to", worker_file.parent / "out"]):
        status, told = said(*command)
        assert (status, "查无此案" in told) == (1, True), told
    assert not (worker_file.parent / "out").exists()


def test_an_export_can_be_checked_by_everybody_and_stands_in_the_audit(worker_file: Path, tmp_path: Path) -> None:
    said("import", worker_file)
    folder = tmp_path / "out"
    status, told = said("export", CASE, "--to", folder)
    assert (status, "2 条消息已导出" in told) == (0, True)
    subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=folder, check=True, capture_output=True)
    listed = json.loads((folder / "messages.json").read_bytes())
    assert [(one["direction"], one["standing"]) for one in listed] == [("SENT", "PROVED"), ("RECEIVED", "PROVED")]
    assert folder.stat().st_mode & 0o077 == 0

    status, told = said("export", CASE, "--to", folder)
    assert (status, "name a new one with --to" in told) == (1, True)
    assert AuditKind.MESSAGES_EXPORTED in [one.kind for one in asyncio.run(_audit())]


async def _audit() -> list[AuditRecord]:
    async with open_store(load_settings()) as store, store.reading() as session:
        return list(await session.audit.latest(100))


def test_a_message_that_was_altered_in_the_store_is_shown(worker_file: Path, tmp_path: Path) -> None:
    said("import", worker_file)
    with closing(sqlite3.connect(next((tmp_path / "data").glob("*.db")))) as connection, connection:
        assert connection.execute("UPDATE exchanges SET reply = x'7b7d'").rowcount == 1
    status, told = said("list", CASE)
    assert (status, told.count("✗ 被改动 altered")) == (1, 1)
    assert "restore a backup" in told
