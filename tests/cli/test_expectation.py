"""An expectation of the demonstration can fail: every kind of difference is found and named."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cli.demonstration.expectation import (
    ObservedCase,
    ObservedDeferral,
    ObservedMaterial,
    ObservedRequest,
    misses,
)
from cli.demonstration.script import Expectation
from domain.codes import Outcome, ReplyCode
from domain.deferral import DeferralState, MaterialState
from domain.fact import FactKind

EXPECTED = Expectation(
    outcome=Outcome.OTHER_SUPPORT,
    departments=("housing", "medical"),
    replies={"housing": ReplyCode.REFUSED, "medical": ReplyCode.ACCEPTED},
    in_time=("medical",),
    late=("housing",),
    rungs={"housing": ("reply_overdue",)},
    sent={"medical": ("health",)},
    never_sent={"housing": ("health",)},
    decided_by="user:leader",
)
HOUSING = ObservedRequest(
    "housing", "housing", reply=ReplyCode.REFUSED, in_time=False, rungs=("reply_reminder", "reply_overdue")
)
MEDICAL = ObservedRequest("medical", "medical", reply=ReplyCode.ACCEPTED, in_time=True, sent_fields=("health",))
SEEN = ObservedCase("LD-2026-000001", Outcome.OTHER_SUPPORT, (HOUSING, MEDICAL), decided_by="user:leader")


def _assert_told(said: str, found: Sequence[str]) -> None:
    (miss,) = [one for one in found if one.rpartition(" · ")[2].startswith(said)]
    assert re.search(r"[\u4e00-\u9fff].* · ", miss)


def with_housing(**changes: object) -> ObservedCase:
    return replace(SEEN, requests=(replace(HOUSING, **changes), MEDICAL))  # type: ignore[arg-type]


def test_a_case_that_went_as_expected_has_no_misses() -> None:
    assert misses(EXPECTED, SEEN) == ()


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (replace(SEEN, outcome=Outcome.DONE), "outcome: expected OTHER_SUPPORT, got DONE"),
        (replace(SEEN, outcome=None), "outcome: expected OTHER_SUPPORT, got none"),
        (replace(SEEN, trouble="未按时结束 · did not end in time"), "did not end in time"),
        (replace(SEEN, requests=(HOUSING,)), "departments asked: expected housing, medical, got housing"),
        (replace(SEEN, requests=(HOUSING,)), "medical: expected the reply ACCEPTED, got none"),
        (replace(SEEN, requests=(HOUSING,)), "medical: expected an answer in time"),
        (with_housing(reply=ReplyCode.ACCEPTED), "housing: expected the reply REFUSED, got ACCEPTED"),
        (with_housing(in_time=True), "housing: expected an answer that counts as late"),
        (with_housing(in_time=None), "housing: expected an answer that counts as late"),
        (with_housing(rungs=("reply_reminder",)), "housing: rungs that did not fire: reply_overdue"),
        (
            with_housing(sent_fields=("health", "requester_name")),
            "housing: sent to the department although it must not be: health",
        ),
        (replace(SEEN, requests=(HOUSING,)), "medical: not sent to the department: health"),
        (replace(SEEN, decided_by="user:other"), "signed by: expected user:leader, got user:other"),
        (replace(SEEN, counted_in_rates=False), "counted in rates: expected True, got False"),
        (replace(SEEN, library_tag="旧通知"), "tag for the library: expected none, got 旧通知"),
    ],
)
def test_every_kind_of_difference_is_named(seen: ObservedCase, said: str) -> None:
    _assert_told(said, misses(EXPECTED, seen))


def test_a_case_that_asked_nobody_differs_from_one_that_asked_somebody() -> None:
    nobody = Expectation(outcome=Outcome.REFERRED, departments=())

    assert misses(nobody, ObservedCase("LD-2026-000002", Outcome.REFERRED)) == ()
    assert misses(nobody, replace(SEEN, outcome=Outcome.REFERRED)) == (
        "所派部门：预期 无，实际 housing, medical · departments asked: expected none, got housing, medical",
    )


VERIFIED_AT, CLOSED_AT = datetime(2026, 2, 16, 1, tzinfo=UTC), datetime(2026, 2, 16, 2, tzinfo=UTC)
CARD = ObservedMaterial(
    "change-m1", "card", "market", MaterialState.VERIFIED, due_days=5.01, verified_at=VERIFIED_AT, rungs=("reminder",)
)
PROMISED = Expectation(
    outcome=Outcome.DONE,
    departments=("market",),
    interim=Outcome.DONE_CONDITIONALLY,
    due_days={"change": 2, "change-m1": 5},
    bounces={"change": 1},
    declined={"change": ("culture",)},
    deferrals={"change": DeferralState.KEPT},
    materials={"change-m1": MaterialState.VERIFIED},
    rungs={"change-m1": ("reminder",), "change-rectify": ("rectify_reminder",)},
    facts=(FactKind.DEFERRAL_OPENED, FactKind.OUTCOME),
    no_facts=(FactKind.DISHONESTY_MARK,),
    told=("文化",),
    never_told=("13955550123",),
    declined_told=("文化和旅游局",),
    same_facts=True,
    reopened=True,
)
KEPT = ObservedDeferral("change", DeferralState.KEPT, materials=(CARD,), rectify_rungs=("rectify_reminder",))
CHANGE = ObservedRequest("change", "market", bounces=1, declined=("culture",), due_days=2.0)
WENT_WELL = ObservedCase(
    "LD-2026-000003",
    Outcome.DONE,
    (CHANGE,),
    deferrals=(KEPT,),
    interim=Outcome.DONE_CONDITIONALLY,
    closed_at=CLOSED_AT,
    facts=("REGISTERED", "DEFERRAL_OPENED", "OUTCOME"),
    told="文化和旅游局",
    declined_told=("文化和旅游局",),
    same_facts_as="LD-2026-000001",
    reopened_from="LD-2026-000001",
    first_case="LD-2026-000001",
)


def with_card(**changes: object) -> ObservedCase:
    card = replace(CARD, **changes)  # type: ignore[arg-type]
    return replace(WENT_WELL, deferrals=(replace(KEPT, materials=(card,)),))


def test_a_promise_that_was_kept_has_no_misses() -> None:
    assert misses(PROMISED, WENT_WELL) == ()


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (replace(WENT_WELL, interim=None), "outcome meanwhile: expected DONE_CONDITIONALLY, got none"),
        (replace(WENT_WELL, deferrals=()), "change: expected KEPT, got none"),
        (with_card(state=MaterialState.OVERDUE), "change-m1: expected VERIFIED, got OVERDUE"),
        (with_card(due_days=4.0), "change-m1: expected to be due after 5 days, got 4.00"),
        (with_card(rungs=()), "change-m1: rungs that did not fire: reminder"),
        (with_card(verified_at=None), "change-m1: the case was closed before it was verified"),
        (replace(WENT_WELL, closed_at=VERIFIED_AT.replace(hour=0)), "change-m1: the case was closed before it was "),
        (replace(WENT_WELL, requests=(replace(CHANGE, bounces=0),)), "change: expected to be returned 1 times, got 0"),
        (replace(WENT_WELL, requests=(replace(CHANGE, declined=()),)), "change: expected to be declined by culture, "),
        (replace(WENT_WELL, facts=("OUTCOME", "DEFERRAL_OPENED")), "facts missing, or not in this order: OUTCOME"),
        (replace(WENT_WELL, facts=(*WENT_WELL.facts, "DISHONESTY_MARK")), "facts that must not be there: DISHONESTY"),
        (replace(WENT_WELL, told=""), "the requester cannot read: 文化"),
        (replace(WENT_WELL, told=""), "what the requester reads was not seen"),
        (replace(WENT_WELL, told="文化：13955550123"), "the requester reads what is not meant for them: 13955550123"),
        (replace(WENT_WELL, declined_told=()), "the requester is told who declined: expected 文化和旅游局, got nobody"),
        (replace(WENT_WELL, same_facts_as=None), "expected the same facts as LD-2026-000001, got no link"),
        (replace(WENT_WELL, reopened_from="LD-2026-000002"), "expected a reopening of LD-2026-000001, got LD-2026-000"),
    ],
)
def test_every_kind_of_broken_promise_is_named(seen: ObservedCase, said: str) -> None:
    _assert_told(said, misses(PROMISED, seen))
