"""How every fault of a department's system is classified: try again, or a person must look. Never a wrong receipt."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from adapters.department_line import LineOptions
from adapters.department_reply import retry_after_seconds
from adapters.departments import build_adapters
from adapters.outgoing_address import parse_address
from adapters.system_time import SystemTime
from domain.codes import Technique
from domain.department_failure import DepartmentRefusal, DepartmentUnavailable
from domain.dispatch import Receipt
from domain.ports import DepartmentAdapter
from tests.adapters import faulty_server as faulty
from tests.adapters.arrangement import NOW, SYSTEMS, dispatch, lines_to, new_secrets, ref_of, withdrawal_of
from tests.adapters.fault_table import FAULTS, POLLS, REFUSALS, SECRET_TEXT

SHORT = LineOptions(total_seconds=0.5)
"""Where running out of time is the fault."""
PATIENT = LineOptions(total_seconds=50)
"""Where it is not: a busy machine must not turn one fault into another."""


async def deliver_to(
    talk: faulty.Talk, technique: Technique = Technique.WEBHOOK, options: LineOptions = PATIENT
) -> Receipt:
    async with faulty.faulty_server(talk) as url:
        lines = lines_to(url, technique, new_secrets(), options)
        try:
            return await build_adapters(lines, SystemTime(), "http://127.0.0.1:1")[technique].deliver(
                dispatch(technique)
            )
        finally:
            await lines.close()


@pytest.mark.parametrize("technique", SYSTEMS)
@pytest.mark.parametrize("fault", list(FAULTS))
async def test_a_fault_means_try_again_and_never_quotes_the_reply(fault: str, technique: Technique) -> None:
    talk, kind = FAULTS[fault]
    if technique is Technique.XML and kind in ("malformed-json", "not-understood"):
        kind = "http-409" if fault.startswith("409") else "content-type"
    with pytest.raises(DepartmentUnavailable) as caught:
        await deliver_to(talk, technique, SHORT if kind == "timeout" else PATIENT)
    assert str(caught.value).startswith(kind), caught.value
    assert "Zhang" not in str(caught.value)
    assert "Zhang" not in repr(caught.value.__cause__)


@pytest.mark.parametrize("technique", SYSTEMS)
@pytest.mark.parametrize("status", REFUSALS)
async def test_a_refusal_needs_a_person(status: str, technique: Technique) -> None:
    with pytest.raises(DepartmentRefusal, match=f"http-{status[:3]}"):
        await deliver_to(faulty.json_reply(SECRET_TEXT, status), technique)


@pytest.mark.parametrize("talk", [faulty.json_reply(b'{"receipt":"7"}'), faulty.gzipped(b'{"receipt":"7"}')])
async def test_a_proper_reply_is_taken_as_such_even_when_compressed(talk: faulty.Talk) -> None:
    assert (await deliver_to(talk)).receipt == "7"


async def test_already_having_it_is_as_good_as_taking_it() -> None:
    assert (await deliver_to(faulty.json_reply(b'{"receipt":"7"}', "409 Conflict"))).receipt == "7"


async def test_nobody_listening_means_try_again() -> None:
    async with faulty.faulty_server(faulty.silence) as url:
        gone = url
    lines = lines_to(gone, Technique.WEBHOOK, new_secrets(), PATIENT)
    with pytest.raises(DepartmentUnavailable, match="connect"):
        await build_adapters(lines, SystemTime(), gone)[Technique.WEBHOOK].deliver(dispatch(Technique.WEBHOOK))
    await lines.close()


async def test_one_department_hanging_does_not_delay_another() -> None:
    heard: list[bytes] = []
    async with (
        faulty.faulty_server(faulty.silence, heard=heard) as slow,
        faulty.faulty_server(faulty.json_reply(b'{"receipt":"7"}')) as quick,
    ):
        hanging = lines_to(slow, Technique.POLLED, new_secrets(), PATIENT)
        healthy = lines_to(quick, Technique.WEBHOOK, new_secrets())
        stuck = build_adapters(hanging, SystemTime(), slow)[Technique.POLLED]
        waiting = [asyncio.create_task(stuck.deliver(dispatch(Technique.POLLED))) for _ in range(20)]
        while not heard:
            await asyncio.sleep(0.01)
        adapter = build_adapters(healthy, SystemTime(), quick)[Technique.WEBHOOK]
        assert (await adapter.deliver(dispatch(Technique.WEBHOOK))).receipt == "7"
        assert not any(task.done() for task in waiting)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await hanging.close()
        await healthy.close()


@pytest.mark.parametrize("case", list(POLLS))
async def test_a_poll_finds_an_answer_or_says_why_not(case: str) -> None:
    talk, problem = POLLS[case]
    async with faulty.faulty_server(talk) as url:
        lines = lines_to(url, Technique.POLLED, new_secrets(), PATIENT)
        housing = build_adapters(lines, SystemTime(), url)[Technique.POLLED]
        if problem is None:
            assert await housing.poll(ref_of(dispatch(Technique.POLLED))) is None
        else:
            with pytest.raises(DepartmentUnavailable, match=problem):
                await housing.poll(ref_of(dispatch(Technique.POLLED)))
        await lines.close()


async def test_a_poll_for_a_round_that_is_gone_for_good_needs_a_person() -> None:
    async with faulty.faulty_server(faulty.json_reply(b"{}", "410 Gone")) as url:
        lines = lines_to(url, Technique.POLLED, new_secrets(), PATIENT)
        housing: DepartmentAdapter = build_adapters(lines, SystemTime(), url)[Technique.POLLED]
        with pytest.raises(DepartmentRefusal, match="http-410"):
            await housing.poll(ref_of(dispatch(Technique.POLLED)))
        await housing.withdraw(withdrawal_of(dispatch(Technique.POLLED)))
        await lines.close()


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("120", 120),
        (" 5 ", 5),
        ("0", 0),
        ("99999999999999999999999999", 3600),
        ("-1", None),
        ("soon", None),
        ("١٢", None),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 0),
        (format_datetime(NOW + timedelta(days=9), usegmt=True), 3600),
        ("Mon, 02 Mar 2026 01:00:30 -0000", 30),
    ],
)
def test_retry_after_is_read_in_both_notations_and_capped(value: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(value, NOW) == seconds


async def test_a_date_in_retry_after_reaches_the_caller() -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    with pytest.raises(DepartmentUnavailable) as caught:
        await deliver_to(faulty.json_reply(b"{}", "429 Too Many Requests", **{"retry-after": at}))
    assert 50 < (caught.value.retry_after_seconds or 0) <= 60


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "http:///requests",
        "http://user:word@10.0.0.1/",
        "http://10.0.0.1/?to=x",
        "http://10.0.0.1/#x",
        "http://169.254.169.254/latest",
        "http://[fe80::1]/",
        "http://0.0.0.0/",
        "http://2130706433/",
        "http://0177.0.0.1/",
        "http://0x7f.1/",
        "http://127.1/",
        "http://[::1/",
        "no address",
    ],
)
def test_an_address_that_no_department_has_is_not_called(url: str) -> None:
    with pytest.raises(DepartmentUnavailable, match="address"):
        parse_address(url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8090/market", "https://dept.gov.example/api", "http://[::1]:80/x"])
def test_addresses_in_networks_of_departments_are_called(url: str) -> None:
    parse_address(url)
