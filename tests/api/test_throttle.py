"""Guessing tokens and signatures gets slow; whoever is known at an address does not feel it."""

from datetime import UTC, datetime

import pytest
import time_machine
from httpx import AsyncClient, Response

from api.throttle import FAILED_SIGNATURES_A_MINUTE, FAILED_TOKENS_A_MINUTE, Throttle, TooManyFailures, source_of
from domain.person import PersonRole
from services.authenticate import token_hash
from tests.api.bodies import launched
from tests.api.conftest import Desk, token
from tests.api.test_callbacks import _reply, _send

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


async def _me(client: AsyncClient, who: str) -> Response:
    return await client.get("/v1/me", headers={"Authorization": f"Bearer {token(who)}"})


async def test_wrong_tokens_are_made_to_wait_and_nobody_is_kept_out_by_them(desk: Desk) -> None:
    """Behind one address sits everybody, and after a restart nobody has been seen there yet."""
    with time_machine.travel(NOON, tick=False) as travel:
        async with desk.client() as client:
            guesses = [await _me(client, f"guess-{number}") for number in range(FAILED_TOKENS_A_MINUTE)]
            another, expired, good = [await _me(client, who) for who in ("another-guess", "expired", "auditor")]
            health = await client.get("/health/live")
            travel.shift(121)
            later = await _me(client, "another-guess")
    assert {guess.status_code for guess in guesses} == {401}
    assert another.status_code == expired.status_code == 429
    assert another.json() == expired.json()
    assert another.json()["code"] == "too-many-failures"
    assert 1 <= int(another.headers["retry-after"]) <= 60
    assert another.headers["content-type"] == "application/problem+json"
    assert (good.status_code, health.status_code, later.status_code) == (200, 200, 401)


async def test_good_requests_are_never_counted(desk: Desk) -> None:
    async with desk.client(PersonRole.CLERK) as clerk:
        statuses = {(await clerk.get("/v1/me")).status_code for _ in range(3 * FAILED_TOKENS_A_MINUTE)}
    assert statuses == {200}


async def test_a_token_that_stops_being_good_is_a_guess_like_any_other(desk: Desk) -> None:
    async with desk.client() as client:
        assert (await _me(client, "clerk")).status_code == 200
        async with desk.store.writing() as session:
            person = await session.people.by_token(token_hash(token("clerk")), desk.wall.now())
            assert person is not None
            await session.people.save(person.model_copy(update={"enabled": False}))
        statuses = [(await _me(client, "clerk")).status_code for _ in range(FAILED_TOKENS_A_MINUTE + 1)]
    assert statuses == [401] * FAILED_TOKENS_A_MINUTE + [429]


async def test_wrong_signatures_are_made_to_wait_by_department_and_right_ones_are_not(desk: Desk) -> None:
    case_id = await launched(desk)
    async with desk.client() as prober:
        for code in ("market", "nowhere"):
            path = f"/v1/departments/{code}/callbacks"
            # The limiter reads the machine's clock: it stands still, however slow the machine is
            with time_machine.travel(NOON, tick=False):
                attempts = [await prober.post(path, content=b"{}") for _ in range(FAILED_SIGNATURES_A_MINUTE)]
                last = await prober.post(path, content=b"{}")
            statuses = [one.status_code for one in attempts]
            assert set(statuses) == {401}
            assert last.status_code == 429
            assert int(last.headers["retry-after"]) >= 1
        other = await prober.post("/v1/departments/police/callbacks", content=b"{}")
    assert other.status_code == 401
    assert (await _send(desk, _reply(case_id))).status_code == 200


def test_one_address_does_not_make_another_wait() -> None:
    throttle = Throttle(tokens_a_minute=1, codes_a_minute=1)
    throttle.token_was_wrong("10.0.0.1")
    throttle.codes.was_wrong("10.0.0.1", "a")
    with pytest.raises(TooManyFailures):
        throttle.token_was_wrong("10.0.0.1")
    with pytest.raises(TooManyFailures):
        throttle.codes.admit("10.0.0.1", "b")
    throttle.token_was_wrong("10.0.0.2")
    throttle.codes.admit("10.0.0.2", "b")


def test_an_ipv6_household_is_one_source() -> None:
    assert source_of("2001:db8::1") == source_of("2001:db8::ffff:1") != source_of("2001:db8:0:1::1")
    assert source_of("127.0.0.1") == "127.0.0.1"
    assert source_of(None) == "unknown"
