"""When a coordination ends by itself, when a person must decide, and what nobody may call it."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.codes import Outcome, ReplyCode, RequestState, Role
from domain.decision import CLOSING_OUTCOMES, NEGATIVE_OUTCOMES, CloseCase, NegativeAnswerReport
from domain.outcome import Standing, check_closing, contradiction, incomplete_ending, judge, still_asked
from domain.plan import CompletionRule
from domain.waiting import Matter

YES, NO, TRIED = ReplyCode.ACCEPTED, ReplyCode.REFUSED, ReplyCode.NO_RESULT
ANSWERED, OPEN, DECISION = RequestState.ANSWERED, RequestState.OPEN, RequestState.DECISION
ALL, ANY, QUORUM, ADVICE = CompletionRule


def one(
    key: str, reply: ReplyCode | None = None, state: RequestState | None = None, role: Role = Role.LEAD, **more: bool
) -> Standing:
    required = more.pop("required", role is not Role.CONSULT)
    return Standing(key, role, required, state or (ANSWERED if reply else OPEN), reply, **more)


def close(outcome: Outcome, **changes: object) -> CloseCase:
    given = {"command_id": "c", "decided_by": "user:leader", "reason": "because", "outcome": outcome}
    return CloseCase.model_validate(given | changes)


NEGATIVE = {
    "legal_basis": "条例第三条",
    "remedy": "可申请复议",
    "support": "临时救助",
    "report": NegativeAnswerReport(facts_found="不符合条件", alternatives_considered="无"),
}


@pytest.mark.parametrize(
    ("standings", "rule", "done"),
    [
        ([one("a", YES), one("b", YES)], ALL, True),
        ([one("a", YES), one("b")], ALL, False),
        ([one("a", YES), one("b")], ANY, True),
        ([one("a", YES), one("b", role=Role.SUPPORT)], ALL, False),
        ([one("a", YES), one("b", role=Role.SUPPORT)], ADVICE, True),
        ([one("a", YES), one("b", role=Role.CONSULT)], ADVICE, False),
        ([one("a", YES), one("b", TRIED, role=Role.CONSULT)], ADVICE, True),
        ([one("a", YES), one("b", role=Role.CONSULT)], ALL, True),
        ([one("a", YES), one("b", role=Role.SUPPORT, required=False)], ALL, True),
        ([one("a", YES), one("b", YES), one("c")], QUORUM, True),
        ([one("a", YES), one("b"), one("c")], QUORUM, False),
        ([one("a", ReplyCode.ACCEPTED_CONDITIONALLY)], ALL, True),
        ([one("a", TRIED)], ALL, False),
        ([one("a", YES), one("b", NO, role=Role.SUPPORT)], ALL, False),
        ([one("a", YES), one("b", state=RequestState.WAIVED, role=Role.SUPPORT)], ALL, True),
        ([one("a", state=RequestState.WITHDRAWN), one("b", YES, role=Role.SUPPORT)], ALL, False),
    ],
)
def test_enough_is_what_the_plan_says(standings: list[Standing], rule: CompletionRule, done: bool) -> None:
    found = judge(standings, rule, quorum=2)
    assert found.outcome is (Outcome.DONE if done else None)


@pytest.mark.parametrize(
    ("standings", "matter", "why"),
    [
        ([one("a", state=DECISION), one("b", YES)], None, "waits for your decision: a"),
        ([one("a", state=RequestState.PENDING, stalled=True), one("b", YES)], None, "go on without"),
        ([one("a", YES), one("b", NO)], Matter.CONTRADICTION, "contradict each other"),
        ([one("a", NO)], Matter.OUTCOME, "decide the outcome"),
        ([one("a", state=RequestState.WITHDRAWN)], Matter.OUTCOME, "no lead is asked any more"),
    ],
)
def test_a_person_is_needed(standings: list[Standing], matter: Matter | None, why: str) -> None:
    found = judge(standings)
    assert (found.outcome, found.matter) == (None, matter)
    assert why in found.decision_needed


def test_leads_that_were_weighed_contradict_no_more() -> None:
    assert judge([one("a", YES), one("b", NO, outweighed=True)]).outcome is Outcome.DONE
    assert judge([one("a", YES, outweighed=True), one("b", NO)]).matter is Matter.OUTCOME


@pytest.mark.parametrize(
    ("outcome", "lacks", "code"),
    [
        (Outcome.LAWFULLY_REFUSED, "legal_basis", "negative-answer-incomplete"),
        (Outcome.NOT_DONE, "remedy", "negative-answer-incomplete"),
        (Outcome.LAWFULLY_REFUSED, "report", "negative-answer-report-missing"),
        (Outcome.OTHER_SUPPORT, "support", "support-missing"),
    ],
)
def test_a_no_owes_its_reasons(outcome: Outcome, lacks: str, code: str) -> None:
    assert incomplete_ending(close(outcome, **NEGATIVE)) is None
    refusal = incomplete_ending(close(outcome, **NEGATIVE | {lacks: None}))
    assert refusal is not None
    assert refusal.code == code


# --- whatever the answers are -----------------------------------------------------------------------------------------

_any_state, _any_reply = st.sampled_from(RequestState), st.sampled_from([YES, NO, TRIED])
_mostly_done = st.sampled_from([ANSWERED] * 6 + [OPEN, RequestState.WAIVED, RequestState.WITHDRAWN])
_mostly_yes = st.sampled_from([YES] * 6 + [ReplyCode.ACCEPTED_CONDITIONALLY, NO, TRIED])


@st.composite
def standings(draw: st.DrawFn) -> list[Standing]:
    """Of any case, and more often of one that comes to a good end."""
    states, replies = draw(st.sampled_from([(_any_state, _any_reply), (_mostly_done, _mostly_yes)]))
    found = []
    for number in range(draw(st.integers(1, 5))):
        role = draw(st.sampled_from(Role))
        state = draw(states)
        found.append(
            Standing(
                key=f"a{number}",
                role=role,
                required=role is not Role.CONSULT and draw(st.booleans()),
                state=state,
                reply=draw(replies) if state is ANSWERED else None,
                stalled=state is RequestState.PENDING and draw(st.booleans()),
                outweighed=state is ANSWERED and draw(st.booleans()),
            )
        )
    return found


rules = st.tuples(st.sampled_from(CompletionRule), st.integers(1, 5))


@given(standings(), rules)
def test_nothing_is_done_that_nobody_accepted(found: list[Standing], rule: tuple[CompletionRule, int]) -> None:
    verdict = judge(found, *rule)
    assert verdict.outcome in (None, Outcome.DONE)
    if verdict.outcome is Outcome.DONE:
        assert any(standing.accepted and standing.required for standing in found)
        assert verdict.reason


@given(standings(), rules)
def test_no_case_ends_over_a_required_answer_that_waits(
    found: list[Standing], rule: tuple[CompletionRule, int]
) -> None:
    if judge(found, *rule).outcome is None:
        return
    required = [standing for standing in found if standing.blocking]
    assert not any(standing.state is DECISION or standing.stalled for standing in required)
    if rule[0] is ALL:
        assert all(standing.state.terminal for standing in required)
        assert not any(standing.refused for standing in required)
    if rule[0] is ADVICE:
        awaited = [standing for standing in found if standing.role is Role.CONSULT]
        awaited += [standing for standing in required if standing.role is Role.LEAD]
        assert all(standing.state.terminal for standing in awaited)


@given(standings(), rules, st.data())
def test_one_more_acceptance_never_opens_again_what_is_done(
    found: list[Standing], rule: tuple[CompletionRule, int], data: st.DataObject
) -> None:
    before = judge(found, *rule).outcome
    unfinished = [place for place, standing in enumerate(found) if not standing.state.terminal]
    for place in data.draw(st.permutations(unfinished)):
        found[place] = found[place]._replace(state=ANSWERED, reply=YES, stalled=False)
        after = judge(found, *rule).outcome
        assert (before, after) != (Outcome.DONE, None)
        before = after


@given(standings(), rules)
def test_where_nobody_is_asked_any_more_somebody_is_told(
    found: list[Standing], rule: tuple[CompletionRule, int]
) -> None:
    ended = [
        standing if standing.state.terminal else standing._replace(state=ANSWERED, reply=TRIED, stalled=False)
        for standing in found
    ]
    verdict = judge(ended, *rule)
    assert (verdict.outcome is None) is bool(verdict.decision_needed)


@given(standings(), rules, st.data())
def test_the_order_of_the_answers_decides_nothing(
    found: list[Standing], rule: tuple[CompletionRule, int], data: st.DataObject
) -> None:
    verdict, other = judge(found, *rule), judge(data.draw(st.permutations(found)), *rule)
    assert (verdict.outcome, verdict.matter) == (other.outcome, other.matter)
    assert bool(verdict.decision_needed) is bool(other.decision_needed)


@given(standings(), st.sampled_from(sorted(CLOSING_OUTCOMES)))
def test_one_person_ends_no_case_over_an_open_required_ask(found: Sequence[Standing], outcome: Outcome) -> None:
    asked = [standing for standing in found if standing.blocking and standing.state in (OPEN, RequestState.SUPPLEMENT)]
    refusal = check_closing(close(outcome, **NEGATIVE), found)
    assert bool(asked) is (still_asked(found) is not None)
    if asked:
        assert refusal is not None
        assert refusal.code == "requests-open"


@given(standings(), st.sampled_from(sorted(CLOSING_OUTCOMES)))
def test_a_leads_refusal_is_called_a_no(found: Sequence[Standing], outcome: Outcome) -> None:
    refused = any(standing.role is Role.LEAD and standing.refused for standing in found)
    assert (contradiction(outcome, found) is not None) is (refused and outcome not in NEGATIVE_OUTCOMES)
