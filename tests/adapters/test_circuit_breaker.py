"""When a department's system is left alone, and how it comes back."""

from datetime import UTC, datetime

import pytest

from adapters.circuit_breaker import CircuitBreaker, CircuitState
from adapters.failed_attempts import NOT_KEPT
from adapters.kept_exchange import Keeper
from domain.department_failure import DepartmentRefusal, DepartmentUnavailable
from domain.errors import unavailable
from domain.exchange import Exchange
from domain.outage import Outage, OutageCause


class Watch:
    seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def fail(breaker: CircuitBreaker, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(DepartmentUnavailable, match="down"), breaker.attempt():
            raise DepartmentUnavailable("down")


def state(breaker: CircuitBreaker) -> CircuitState:
    return breaker.state


def opened(watch: Watch) -> CircuitBreaker:
    breaker = CircuitBreaker(failures=3, open_seconds=30, monotonic=watch)
    fail(breaker, 3)
    return breaker


def test_it_opens_after_failures_in_a_row_and_asks_to_wait() -> None:
    watch = Watch()
    breaker = CircuitBreaker(failures=3, open_seconds=30, monotonic=watch)
    fail(breaker, 2)
    assert state(breaker) is CircuitState.CLOSED
    fail(breaker)
    assert state(breaker) is CircuitState.OPEN
    watch.seconds += 10
    with pytest.raises(DepartmentUnavailable, match="circuit-open") as caught, breaker.attempt():
        pytest.fail("an open circuit lets nothing through")
    assert 20 < (caught.value.retry_after_seconds or 0) < 30


def test_a_success_in_between_starts_the_count_again() -> None:
    breaker = CircuitBreaker(failures=3)
    fail(breaker, 2)
    with breaker.attempt():
        pass
    fail(breaker, 2)
    assert state(breaker) is CircuitState.CLOSED


def test_a_refusal_is_a_sign_of_health() -> None:
    breaker = CircuitBreaker(failures=3)
    fail(breaker, 2)
    with pytest.raises(DepartmentRefusal), breaker.attempt():
        raise DepartmentRefusal("http-422")
    fail(breaker, 2)
    assert state(breaker) is CircuitState.CLOSED


def test_after_the_pause_one_probe_goes_out_and_the_others_wait() -> None:
    watch = Watch()
    breaker = opened(watch)
    watch.seconds += 31
    assert state(breaker) is CircuitState.HALF_OPEN
    with breaker.attempt():
        with pytest.raises(DepartmentUnavailable, match="circuit-open"), breaker.attempt():
            pytest.fail("only one probe")
        assert state(breaker) is CircuitState.HALF_OPEN
    assert state(breaker) is CircuitState.CLOSED


def test_a_failed_probe_opens_it_again_for_the_whole_pause() -> None:
    watch = Watch()
    breaker = opened(watch)
    watch.seconds += 31
    fail(breaker)
    assert state(breaker) is CircuitState.OPEN
    watch.seconds += 29
    assert state(breaker) is CircuitState.OPEN


def test_a_probe_that_was_cancelled_leaves_room_for_the_next() -> None:
    watch = Watch()
    breaker = opened(watch)
    watch.seconds += 31
    with pytest.raises(KeyboardInterrupt), breaker.attempt():
        raise KeyboardInterrupt
    with breaker.attempt():
        pass
    assert state(breaker) is CircuitState.CLOSED


def test_an_outage_dates_from_the_first_failure_of_the_row_and_names_a_category_only() -> None:
    walls = iter([datetime(2026, 3, 2, hour, tzinfo=UTC) for hour in (1, 2, 3)])
    breaker = CircuitBreaker(failures=2, now=lambda: next(walls))
    seen = [_unavailable(breaker, text) for text in ("http-503: <hostile>", "timeout: 王小明", "never sent")]
    began = Outage(since=datetime(2026, 3, 2, 1, tzinfo=UTC), cause=OutageCause.FAILING)
    assert seen == [None, began, began]
    breaker = CircuitBreaker(failures=2, now=lambda: next(walls))
    assert _unavailable(breaker, "connect: x") is None
    with breaker.attempt():
        pass
    assert _unavailable(breaker, "soap: what is that") is None
    later = _unavailable(breaker, "connect: x")
    assert later is not None
    assert (later.since.hour, later.cause) == (3, OutageCause.NOT_UNDERSTOOD)


async def test_what_we_cannot_keep_is_no_outage_of_the_departments() -> None:
    breaker, keeper = CircuitBreaker(failures=1), Keeper(_Nowhere(), "market")
    for _ in range(3):
        with pytest.raises(DepartmentUnavailable) as caught, breaker.attempt():
            await keeper.keep(_exchange())
        assert caught.value.outage is None
    assert state(breaker) is CircuitState.CLOSED


@pytest.mark.parametrize("ours", [NOT_KEPT, "secret", "directory", "rate"])
def test_trouble_of_our_own_does_not_count(ours: str) -> None:
    breaker = CircuitBreaker(failures=2)
    fail(breaker)
    assert _unavailable(breaker, f"{ours}: trouble of ours") is None
    assert state(breaker) is CircuitState.CLOSED, "it is not the second failure of the row"
    assert _unavailable(breaker, "timeout: the second one") is not None
    assert state(breaker) is CircuitState.OPEN


def test_trouble_of_our_own_leaves_the_question_open_whether_a_system_is_back() -> None:
    watch = Watch()
    breaker = opened(watch)
    watch.seconds += 31
    _unavailable(breaker, f"{NOT_KEPT}: trouble of ours")
    assert state(breaker) is CircuitState.HALF_OPEN
    with breaker.attempt():
        pass
    assert state(breaker) is CircuitState.CLOSED


class _Nowhere:
    """A store that is away."""

    elsewhere = False

    async def keep(self, exchange: Exchange) -> None:
        raise unavailable("store-unavailable", exchange.entry_id)


def _exchange() -> Exchange:
    return Exchange(
        entry_id="e-1",
        department="market",
        message_id="m-1",
        sent_at=datetime(2026, 3, 2, tzinfo=UTC),
        method="POST",
        address="https://market.example.org",
        headers={},
        body=b"",
    )


def _unavailable(breaker: CircuitBreaker, text: str) -> Outage | None:
    with pytest.raises(DepartmentUnavailable) as caught, breaker.attempt():
        raise DepartmentUnavailable(text)
    return caught.value.outage
