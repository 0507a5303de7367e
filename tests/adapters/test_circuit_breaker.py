"""When a department's system is left alone, and how it comes back."""

import pytest

from adapters.circuit_breaker import CircuitBreaker, CircuitState
from domain.ports import DepartmentRefusal, DepartmentUnavailable


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
