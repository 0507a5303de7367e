"""The department in memory, which other tests rely on."""

from datetime import datetime, timedelta

import pytest

from adapters.department_recorder import DepartmentRecorder
from domain.codes import Technique
from domain.department_failure import DepartmentUnavailable
from domain.errors import LiandongError
from domain.reply import PolledReply
from tests.adapters.arrangement import CASE, NOW, dispatch, ref_of, withdrawal_of

LATER = NOW + timedelta(days=3)


class Now:
    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at


async def test_it_answers_a_round_when_the_instant_has_come() -> None:
    now = Now()
    housing = DepartmentRecorder(now, {"licence": [(LATER, {"code": "ACCEPTED"})]})
    ref = ref_of(dispatch(Technique.POLLED))
    assert await housing.poll(ref) is None
    now.at = LATER
    assert await housing.poll(ref) == PolledReply(reply={"code": "ACCEPTED"})
    assert len(housing.polls) == 2


async def test_the_nth_answer_is_for_round_n_and_an_exact_name_wins() -> None:
    script = {"licence": [(NOW, "one"), (NOW, "two")], f"{CASE}.licence.r2": [(NOW, "exact")]}
    housing = DepartmentRecorder(Now(), script)
    rounds = [ref_of(dispatch(Technique.POLLED, number=number)) for number in (1, 2, 3)]
    found = [await housing.poll(ref) for ref in rounds]
    assert [one and one.reply for one in found] == ["one", "exact", None]


async def test_repetitions_have_one_effect_and_scripted_faults_come_first() -> None:
    fault = DepartmentUnavailable("down")
    housing = DepartmentRecorder(Now(), faults={"licence": [fault]})
    sent = dispatch(Technique.POLLED)
    with pytest.raises(DepartmentUnavailable):
        await housing.deliver(sent)
    first, second = await housing.deliver(sent), await housing.deliver(sent)
    assert first == second
    assert len(housing.sends) == 3
    assert list(housing.delivered) == [sent.idempotency_key]
    await housing.withdraw(withdrawal_of(sent))
    assert housing.withdrawals == [withdrawal_of(sent)]


def test_without_secrets_it_hears_nobody() -> None:
    with pytest.raises(LiandongError):
        DepartmentRecorder(Now()).parse_callback("market", {}, b"{}")
