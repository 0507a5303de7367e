"""Without a cache, on the real server, with many things in the same workflow task: every history replays.

The engine's worker is away while answers, notes and decisions arrive, so that it finds all of them in one task; then
it works again, and replays the whole history at every step. Only the real server orders the events of such a task as
production does.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
import pytest_asyncio
from temporalio.api.enums.v1 import EventType
from temporalio.api.enums.v1 import WorkflowTaskFailedCause as Cause
from temporalio.client import WorkflowHistory

from bootstrap.workers import replayer
from domain.department import DepartmentRoute
from domain.dispatch import DepartmentNote, RoundRef
from domain.errors import LiandongError
from domain.reply import RawAnswer
from domain.snapshot import CaseSnapshot, RequestSnapshot
from tests.adapters.faulty_server import taking_in
from tests.server.one_process import OneProcess, one_process
from tests.server.waiting import until

pytestmark = [
    pytest.mark.server,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(300, func_only=True),
]

SYSTEMS = ("market", "police", "medical", "assist", "water")
POLLED = "housing"
KEYS = ("a", "b", "c", "d", "e", "f")
Deed = Callable[[], Coroutine[Any, Any, None]]
KEEPER = "keeper"
CASES = 4
BURSTS = 2
REPLIES: tuple[dict[str, Any], ...] = (
    {"code": "ACCEPTED", "note": "已办"},
    {"code": "NOT_MINE", "basis": "目录未移交", "proposed_owner": "water"},
    {"code": "NO_RESULT", "tried": "已查档案"},
    {"code": "NEED_MORE", "materials": ["租赁合同"]},
    {"code": "EXTENSION_REQUESTED", "reason": "调档", "until": "2031-01-02"},
    {"code": "REFUSED", "legal_basis": "条例第三条", "reason": "不符", "remedy": "复议"},
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cold(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OneProcess]:
    async with one_process(tmp_path_factory.mktemp("cold") / "data", taking_in, cached=0) as product:
        yield product


async def test_every_history_replays_whatever_came_in_the_same_task(cold: OneProcess) -> None:
    chance = random.Random(4)
    async with cold.engine():
        cases = [await cold.launched(_asks(number)) for number in range(CASES)]
        for case_id in cases:
            await _delivered(cold, case_id)
    for _ in range(BURSTS):
        snapshots = await _snapshots(cold, cases)
        # Nobody works: everything below waits for the same task of its case
        deeds = [deed for case_id in cases for deed in _burst(cold, snapshots[case_id], chance)]
        burst = [asyncio.create_task(deed()) for deed in deeds]
        await asyncio.sleep(0)
        async with cold.engine():
            for told in await asyncio.gather(*burst, return_exceptions=True):
                assert told is None or isinstance(told, LiandongError), told
            for case_id in cases:
                await _delivered(cold, case_id)
    async with cold.engine():
        await asyncio.gather(*(cold.decide(case_id, "withdraw_case") for case_id in cases))
        for case_id in cases:
            await until(lambda case_id=case_id: cold.container.office.engine.result(case_id), f"{case_id} to end")  # type: ignore[misc]
        await cold.verified()
    histories = [await _history(cold, case_id) for case_id in cases]
    assert sum(_same_task(history) for history in histories) >= CASES, "the bursts were to meet in one task"
    converter = cold.container.client.data_converter
    production = replayer(converter)
    for history in histories:
        assert _failures(history) == []
        await production.replay_workflow(history)


def _asks(number: int) -> list[dict[str, Any]]:
    departments = [*SYSTEMS[number:], *SYSTEMS[:number], POLLED]
    limits = {"reply_limit": f"{20 + 5 * number} seconds", "sign_limit": "10 seconds"}
    asks = [
        {"key": key, "department": code, "role": "SUPPORT", "text": "请核实", **limits}
        for key, code in zip(KEYS, departments, strict=True)
    ]
    # Nobody answers it, so that the case lasts
    return [*asks, {"key": KEEPER, "department": "culture", "role": "LEAD", "text": "请核实", "reply_limit": "1 hours"}]


def _burst(product: OneProcess, snapshot: CaseSnapshot, chance: random.Random) -> list[Deed]:
    """For each request that is asked: an answer, a note or two decisions, in any order."""
    doing: list[Deed] = []
    for request in (one for one in snapshot.requests if one.key != KEEPER):
        kinds = ["answer", "note", "withdraw_request", "reassign_request", "ask_again"]
        for kind in chance.sample(kinds, 2):
            if kind == "answer":
                doing.append(_answers(product, request, chance.choice(REPLIES)))
            elif kind == "note":
                doing.append(_notes(product, request))
            else:
                doing.append(_decides(product, request, kind, chance.choice(SYSTEMS)))
    chance.shuffle(doing)
    return doing


def _answers(product: OneProcess, request: RequestSnapshot, reply: dict[str, Any]) -> Deed:
    async def answer() -> None:
        ref, at = _round(product, request), product.container.office.time.now()
        # Named as a poll names itself: nothing of it is in the inbox
        said = RawAnswer(reply=reply, received_at=at, ref=f"poll:{request.request_id}.r{ref.round}")
        await product.container.office.engine.complete_round(ref, said)

    return answer


def _notes(product: OneProcess, request: RequestSnapshot) -> Deed:
    async def note() -> None:
        at, number = product.container.office.time.now(), len(request.rounds)
        told = DepartmentNote(
            note_id=f"{request.request_id}-{number}",
            request_id=request.request_id,
            round=number,
            acknowledged=True,
            text="",
            received_at=at,
        )
        await product.container.office.engine.note(told, request.request_id.partition(".")[0])

    return note


def _decides(product: OneProcess, request: RequestSnapshot, kind: str, to: str) -> Deed:
    async def decide() -> None:
        route = {"to": {"code": to, "technique": "WEBHOOK"}} if kind == "reassign_request" else {}
        case_id = request.request_id.partition(".")[0]
        await product.decide(case_id, kind, request_id=request.request_id, **route)

    return decide


def _round(product: OneProcess, request: RequestSnapshot) -> RoundRef:
    technique = "POLLED" if request.department == POLLED else "WEBHOOK"
    route = DepartmentRoute.model_validate({"code": request.department, "technique": technique})
    case_id = request.request_id.partition(".")[0]
    return RoundRef(case_id=case_id, request_id=request.request_id, round=len(request.rounds), department=route)


async def _snapshots(product: OneProcess, cases: list[str]) -> dict[str, CaseSnapshot]:
    async with product.engine():
        return {case_id: await product.snapshot(case_id) for case_id in cases}


async def _delivered(product: OneProcess, case_id: str) -> None:
    """Until no request that is open still waits for its delivery."""

    async def look() -> bool:
        snapshot = await product.snapshot(case_id)
        turns = [one.round for one in snapshot.requests if one.state == "OPEN"]
        return all(turn is not None and turn.delivered_at is not None for turn in turns)

    await until(look, f"all of {case_id} to be delivered")


async def _history(product: OneProcess, case_id: str) -> WorkflowHistory:
    return await product.container.client.get_workflow_handle(case_id).fetch_history()


def _same_task(history: WorkflowHistory) -> int:
    """Workflow tasks that took in an answer as well as a decision."""
    found, answered = 0, False
    for event in history.events:
        match event.event_type:
            case EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED | EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
                answered = True
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
                found += answered
            case EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED:
                # Its own events come after it was scheduled
                answered = answered and False
    return found


def _failures(history: WorkflowHistory) -> list[str]:
    """Of workflow tasks. One that something new overtook is done again by design, and is none."""
    failed = EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
    told = [one.workflow_task_failed_event_attributes for one in history.events if one.event_type == failed]
    return [one.failure.message for one in told if one.cause != Cause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND]
