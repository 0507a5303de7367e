"""The plan of a coordination: a directed graph of asks to departments and others, and what makes one unsound."""

from enum import StrEnum
from graphlib import CycleError, TopologicalSorter

from pydantic import Field

from domain.codes import Role
from domain.department import DEPARTMENT_CODE
from domain.limit import Limit
from domain.wire import Wire

MAX_ASKS = 50
"""Keeps a case inside Temporal's and our own bounds on pending work (invariant I13)."""


class AskKind(StrEnum):
    DEPARTMENT = "DEPARTMENT"
    """A department is asked through its adapter; its clocks run and its silence is chased."""
    EXTERNAL = "EXTERNAL"
    """Somebody outside government is asked through the clerk; never bound by our clock, never overdue."""
    STATUTORY_WAIT = "STATUTORY_WAIT"
    """A period that the law prescribes (a public notice); over when its clock is."""


class Ask(Wire):
    """One node of a plan. Its request id is `<case>.<key>`."""

    key: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")
    kind: AskKind = AskKind.DEPARTMENT
    text: str = Field(min_length=1, max_length=2_000)
    role: Role = Role.SUPPORT
    department: str | None = Field(default=None, pattern=DEPARTMENT_CODE)
    party: str | None = Field(default=None, min_length=1, max_length=200)
    """Whom the clerk asks, for EXTERNAL."""
    reply_limit: Limit | None = None
    """DEPARTMENT: until the reply. EXTERNAL: until the clerk follows up. STATUTORY_WAIT: length of the period."""
    sign_limit: Limit | None = None
    """DEPARTMENT: until the request is signed for."""
    after: tuple[str, ...] = ()
    """Keys of the asks that must be settled first."""
    required: bool = True
    """An optional ask never keeps the case open."""
    sees: tuple[str, ...] = ()
    """Names of the case fields that may be sent with this ask; nothing else leaves."""
    fields: dict[str, str] = Field(default_factory=dict)
    """The values of those fields, filled in at launch."""
    silence_consents: str | None = Field(default=None, max_length=200)
    """Number of the policy under which silence until the due instant counts as consent; None: it never does."""
    ruling: str | None = Field(default=None, max_length=200)
    """Number of the minutes that bind the department: it cannot return this request."""
    verifies: str | None = None
    """The deferred material that is verified here; such an ask does not decide the case's outcome."""
    fetches: str | None = None
    """Name of the material that the department holds and hands over here."""

    @property
    def blocking(self) -> bool:
        """Whether the case waits for this ask before it can end by itself."""
        return self.required and self.role is not Role.CONSULT and self.verifies is None

    @property
    def about_material(self) -> bool:
        """It verifies or fetches a paper: nothing is granted here, so nothing can be granted on condition."""
        return self.verifies is not None or self.fetches is not None


class CompletionRule(StrEnum):
    """When enough has been answered. Whoever is still asked then is released."""

    ALL = "ALL"
    ANY = "ANY"
    """One lead's acceptance is enough."""
    QUORUM = "QUORUM"
    """`quorum` acceptances are enough."""
    LEAD_WITH_ADVICE = "LEAD_WITH_ADVICE"
    """All leads, and every consultation answered; supports are not awaited."""


class Plan(Wire):
    """The asks of one coordination, in the order in which they are shown."""

    asks: tuple[Ask, ...] = Field(min_length=1, max_length=MAX_ASKS)
    completion: CompletionRule = CompletionRule.ALL
    quorum: int | None = Field(default=None, ge=1, le=MAX_ASKS)

    def ask(self, key: str) -> Ask:
        return next(ask for ask in self.asks if ask.key == key)

    @property
    def departments(self) -> tuple[str, ...]:
        """Codes of all departments asked, each once, in the plan's order."""
        return tuple(dict.fromkeys(ask.department for ask in self.asks if ask.department))


class PlanProblem(Wire):
    """One reason why a plan cannot be launched: where, which rule, and what to do."""

    field: str
    rule: str
    detail: str


def check_plan(plan: Plan, known_departments: frozenset[str]) -> tuple[PlanProblem, ...]:
    """Every rule that the plan breaks, not just the first; empty when it can be launched."""
    problems = [problem for index, ask in enumerate(plan.asks) for problem in check_ask(index, ask, known_departments)]
    keys = [ask.key for ask in plan.asks]
    for index, ask in enumerate(plan.asks):
        if keys.index(ask.key) != index:
            problems.append(_problem(index, "key", "unique-key", f"the key {ask.key!r} is used twice"))
        for name in ask.after:
            if name not in keys:
                problems.append(_problem(index, "after", "known-key", f"no ask of this plan has the key {name!r}"))
    problems.extend(_cycles(plan))
    if not any(ask.blocking for ask in plan.asks):
        problems.append(
            PlanProblem(field="asks", rule="something-required", detail="at least one required ask must not be CONSULT")
        )
    problems.extend(_completion_problems(plan))
    return tuple(problems)


def _completion_problems(plan: Plan) -> list[PlanProblem]:
    if plan.completion is not CompletionRule.QUORUM:
        return []
    possible = sum(ask.blocking for ask in plan.asks)
    if plan.quorum is None or plan.quorum > possible:
        detail = f"a quorum names a number from 1 to {possible}, the required asks of this plan"
        return [PlanProblem(field="quorum", rule="quorum-reachable", detail=detail)]
    return []


def check_ask(index: int, ask: Ask, known_departments: frozenset[str]) -> list[PlanProblem]:
    """What one ask breaks by itself, whatever the others are."""
    problems = []
    if ask.kind is AskKind.DEPARTMENT:
        if ask.department is None:
            problems.append(_problem(index, "department", "department-named", "a department ask names its department"))
        elif ask.department not in known_departments:
            detail = f"the directory has no department {ask.department!r}"
            problems.append(_problem(index, "department", "known-department", detail))
        if ask.role is Role.EXTERNAL:
            problems.append(_problem(index, "role", "role-fits-kind", "EXTERNAL is not a department's role"))
    else:
        if ask.department is not None:
            detail = f"{ask.kind} asks go to no department"
            problems.append(_problem(index, "department", "no-department", detail))
        if ask.kind is AskKind.EXTERNAL and ask.party is None:
            problems.append(_problem(index, "party", "party-named", "an external ask names whom the clerk asks"))
        if ask.kind is AskKind.STATUTORY_WAIT and ask.reply_limit is None:
            problems.append(_problem(index, "reply_limit", "wait-has-length", "a statutory wait states its length"))
    return problems


def _cycles(plan: Plan) -> list[PlanProblem]:
    keys = {ask.key for ask in plan.asks}
    try:
        TopologicalSorter({ask.key: [name for name in ask.after if name in keys] for ask in plan.asks}).prepare()
    except CycleError as error:
        path = " → ".join(reversed(error.args[1]))
        detail = f"these asks wait for each other for ever: {path}"
        return [PlanProblem(field="asks", rule="no-cycle", detail=detail)]
    return []


def _problem(index: int, field: str, rule: str, detail: str) -> PlanProblem:
    return PlanProblem(field=f"asks.{index}.{field}", rule=rule, detail=detail)
