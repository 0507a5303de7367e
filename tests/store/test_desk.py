"""What lies on desks, and in which order an officer sees it."""

from datetime import timedelta

from domain.codes import Role, Technique
from domain.department import DepartmentRoute
from domain.desk import DeskEntry
from domain.dispatch import Dispatch
from store.sql_store import SqlStore
from tests.store.samples import DUE, START, case_id, ended, record, request, snapshot, turn


def _entry(serial: int) -> DeskEntry:
    """The higher the number, the later it came."""
    dispatch = Dispatch(
        case_id=case_id(serial),
        request_id=f"{case_id(serial)}.market",
        round=1,
        department=DepartmentRoute(code="market", technique=Technique.PEOPLE),
        role=Role.LEAD,
        text="请核实",
        dispatched_at=START,
    )
    arrived = START + timedelta(minutes=serial)
    return DeskEntry(department="market", dispatch=dispatch, receipt="r", arrived_at=arrived)


async def test_an_old_open_request_is_never_hidden_behind_newer_ones_that_are_over(store: SqlStore) -> None:
    late, later = turn(due_at=DUE), turn(due_at=DUE + timedelta(days=1))
    turns = {1: late, 2: ended(late), 3: later, 4: ended(later), 5: turn(due_at=None)}
    async with store.writing() as session:
        for serial, shown in turns.items():
            await session.cases.add(record(serial))
            await session.desk.add(_entry(serial))
            told = request(serial, "market", shown)
            assert told.request_id == _entry(serial).dispatch.request_id
            await session.cases.project(snapshot(serial, told))
        await session.cases.add(record(6))
        await session.desk.add(_entry(6))
    async with store.reading() as session:
        seen = await session.desk.of_department("market", 10)
        first = await session.desk.of_department("market", 1)
    # Open by due instant, without one the newest first (6 is not projected yet); then what is over, the newest first
    assert [int(one.dispatch.case_id[-6:]) for one in seen] == [1, 3, 6, 5, 4, 2]
    assert first == seen[:1]
