"""The XML department in a network of its own, whole: its worker dials out over mutual TLS, and the answer arrives."""

import contextlib
import zlib
from pathlib import Path

import pytest

from bootstrap.administration import take_in
from bootstrap.department_process import EXCHANGES_FILE
from domain.codes import Outcome, ReplyCode
from domain.fact import FactKind
from domain.kept_message import Standing
from domain.task_queue import department_queue
from services.read_kept_messages import read_kept_messages
from tests.server.apart import CODE, ENGINE, police_apart
from tests.server.case import ask, launched
from tests.server.waiting import until
from tests.server.world import World

pytestmark = [pytest.mark.server, pytest.mark.timeout(300)]

ASKED = "请核对场所备案情况"
SAID = "场所已经备案"
_GZIP = b"\x1f\x8b\x08"


async def test_a_case_is_asked_and_answered_through_a_worker_that_has_mutual_tls_and_no_store(tmp_path: Path) -> None:
    async with police_apart(tmp_path) as apart:
        world, front = apart.world, apart.front
        await until(world.ready, "the API to reach its engine")
        assert "Temporal cannot be reached" not in world.api.said()
        await world.script(CODE, {"answer_after": 0, "reply": {"code": "ACCEPTED", "note": SAID}})
        case = await launched(world, ask("place", CODE, role="LEAD", text=ASKED))
        record = await case.closed()

        assert record.outcome is not None
        assert record.outcome.outcome is Outcome.DONE
        turn = await case.round("place")
        assert (turn.reply, turn.reply_text, turn.receipt) == (ReplyCode.ACCEPTED, SAID, f"{CODE}-000001")
        (replied,) = await case.facts(FactKind.REPLIED)
        assert (replied.actor, replied.data["code"]) == (f"department:{CODE}", "ACCEPTED")
        (sent,) = await world.sends(CODE, f"{case.request_id('place')}.r1")
        assert (sent.authentic, sent.outcome) == (True, "200")
        assert sent.headers["content-type"].startswith("text/xml")
        assert sent.data is not None
        assert sent.data["text"] == ASKED

        assert await _standing(world, case.case_id) == {Standing.ELSEWHERE}
        assert not list(apart.folder.glob("*.db*"))
        await take_in(world.settings, apart.folder / EXCHANGES_FILE)
        assert await _standing(world, case.case_id) == {Standing.PROVED}
        await world.verified()
    assert set(front.welcomed) == {CODE, ENGINE}
    assert front.plain == []
    wire, behind = _legible(front.wire), _legible(front.behind)
    in_transit, sealed = ["PRI * HTTP/2.0", case.case_id, department_queue(CODE)], [ASKED, SAID]
    assert [word for word in in_transit + sealed if word.encode() in behind] == in_transit
    assert [word for word in in_transit + sealed if word.encode() in wire] == []


async def _standing(world: World, case_id: str) -> set[Standing]:
    """Of all that was said to the department and by it."""
    return {one.standing for one in await read_kept_messages(world.inside.store, case_id)}


def _legible(stream: bytes | bytearray) -> bytes:
    """The bytes as they are, and once more what is compressed among them."""
    _, *packed = bytes(stream).split(_GZIP)
    return bytes(stream) + b"\n".join(_unpacked(_GZIP + one) for one in packed)


def _unpacked(packed: bytes) -> bytes:
    """As far as it goes: other frames of the same connection may stand in between."""
    reader, found = zlib.decompressobj(zlib.MAX_WBITS | 16), bytearray()
    with contextlib.suppress(zlib.error):
        for byte in packed:
            found += reader.decompress(bytes((byte,)))
    return bytes(found)
