"""What makes a plan unsound, and that a sound one can always be gone through to its end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.codes import Role
from domain.limit import Limit
from domain.plan import MAX_ASKS, Ask, AskKind, CompletionRule, Plan, check_plan

KNOWN = frozenset({"market", "police"})
LEAD = {"role": Role.LEAD, "department": "market"}


def ask(key: str = "permit", **changes: object) -> Ask:
    return Ask.model_validate({"key": key, "text": "请协助", "department": "market"} | changes)


def broken(*asks: Ask, **changes: object) -> list[tuple[str, str]]:
    plan = Plan.model_validate({"asks": asks} | changes)
    return [(problem.field, problem.rule) for problem in check_plan(plan, KNOWN)]


@pytest.mark.parametrize(
    ("wrong", "field", "rule"),
    [
        ({"department": None}, "department", "department-named"),
        ({"department": "nowhere"}, "department", "known-department"),
        ({"role": Role.EXTERNAL}, "role", "role-fits-kind"),
        ({"kind": AskKind.EXTERNAL, "party": "业主"}, "department", "no-department"),
        ({"kind": AskKind.EXTERNAL, "department": None}, "party", "party-named"),
        ({"kind": AskKind.STATUTORY_WAIT, "department": None}, "reply_limit", "wait-has-length"),
        ({"after": ("gone",)}, "after", "known-key"),
    ],
)
def test_what_an_ask_breaks_is_named_by_its_field(wrong: dict[str, object], field: str, rule: str) -> None:
    assert broken(ask("lead", **LEAD), ask("wrong", **wrong)) == [(f"asks.1.{field}", rule)]


def test_every_problem_is_told_at_once() -> None:
    assert broken(ask(department="nowhere", after=("gone",)), ask(department=None)) == [
        ("asks.0.department", "known-department"),
        ("asks.1.department", "department-named"),
        ("asks.0.after", "known-key"),
        ("asks.1.key", "unique-key"),
    ]


@pytest.mark.parametrize(
    ("order", "path"),
    [
        ({"a": ("a",)}, "a → a"),
        ({"a": ("b",), "b": ("a",)}, "→"),
        ({"a": (), "b": ("a", "d"), "c": ("b",), "d": ("c",)}, "→"),
    ],
)
def test_a_cycle_is_shown(order: dict[str, tuple[str, ...]], path: str) -> None:
    (found,) = check_plan(Plan(asks=tuple(ask(key, after=after) for key, after in order.items())), KNOWN)
    assert (found.field, found.rule) == ("asks", "no-cycle")
    assert path in found.detail


def test_a_plan_of_advice_alone_decides_nothing() -> None:
    assert broken(ask(role=Role.CONSULT), ask("view", required=False)) == [("asks", "something-required")]


@pytest.mark.parametrize(("quorum", "sound"), [(None, False), (1, True), (2, True), (3, False)])
def test_a_quorum_is_one_that_can_be_reached(quorum: int | None, sound: bool) -> None:
    asks = (ask("a", **LEAD), ask("b"), ask("c", required=False), ask("d", role=Role.CONSULT))
    found = broken(*asks, completion=CompletionRule.QUORUM, quorum=quorum)
    assert found == ([] if sound else [("quorum", "quorum-reachable")])


def test_a_plan_has_its_bounds() -> None:
    assert broken(*(ask(f"a{number}") for number in range(MAX_ASKS))) == []
    with pytest.raises(ValidationError):
        Plan(asks=tuple(ask(f"a{number}") for number in range(MAX_ASKS + 1)))
    with pytest.raises(ValidationError):
        Plan(asks=())


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Any order among a few asks, a sensible one as often as not."""
    keys = [f"a{number}" for number in range(draw(st.integers(1, 6)))]
    forwards = draw(st.booleans())
    kinds = st.sampled_from(AskKind)
    asks = []
    for place, key in enumerate(keys):
        before = keys[:place] if forwards else keys
        after = tuple(draw(st.lists(st.sampled_from(before), unique=True, max_size=3))) if before else ()
        kind = AskKind.DEPARTMENT if place == 0 else draw(kinds)
        asks.append(
            ask(
                key,
                after=after,
                kind=kind,
                department="market" if kind is AskKind.DEPARTMENT else None,
                party="业主" if kind is AskKind.EXTERNAL else None,
                reply_limit=Limit.parse("3 working_days"),
            )
        )
    return Plan(asks=tuple(draw(st.permutations(asks))))


def opened(plan: Plan) -> set[str]:
    """The asks that get their turn when all that were asked before accept."""
    accepted: set[str] = set()
    while ready := {one.key for one in plan.asks if set(one.after) <= accepted} - accepted:
        accepted |= ready
    return accepted


@given(plans())
def test_a_sound_plan_asks_everybody_and_an_unsound_order_would_leave_somebody_out(plan: Plan) -> None:
    everybody = {one.key for one in plan.asks}
    assert (opened(plan) == everybody) is (check_plan(plan, KNOWN) == ())


@given(plans(), st.data())
def test_the_order_in_which_a_plan_is_written_decides_nothing(plan: Plan, data: st.DataObject) -> None:
    other = plan.model_copy(update={"asks": tuple(data.draw(st.permutations(plan.asks)))})
    assert [one.rule for one in check_plan(plan, KNOWN)] == [one.rule for one in check_plan(other, KNOWN)]
