"""A demonstration case as data: what is registered, who is asked, what each answers and how it must end."""

import tomllib
from pathlib import Path
from typing import Self

from pydantic import Field, ValidationError, model_validator

from cli.demonstration.act import Act, Refusal, ScriptPart
from domain.case import Registration
from domain.codes import Cause, Outcome, ReplyCode, TriageDecision, Urgency
from domain.decision import NegativeAnswerReport
from domain.deferral import DeferralState, MaterialState
from domain.fact import FactKind
from domain.lineage import ReopenCause
from domain.plan import AskKind, Plan
from domain.reply import Reply


class ScriptError(ValueError):
    """A demonstration file is wrong; the text names file, key and rule."""


class ScriptedContact(ScriptPart):
    channel: str
    note: str = ""


class ScriptedTriage(ScriptPart):
    decision: TriageDecision
    cause: Cause
    urgency: Urgency = Urgency.NORMAL
    category: str | None = None
    advice: str | None = None
    library_tag: str | None = None
    refer_to: str | None = None
    new_evidence: str | None = None


class RefusedTriage(ScriptPart):
    """A triage that the API must refuse before the real one is made."""

    triage: ScriptedTriage
    refused: Refusal


class Reopening(ScriptPart):
    """The case is not registered: it is opened again from the first one."""

    cause: ReopenCause
    reason: str
    new_evidence: str | None = None


class ScriptedAnswer(ScriptPart):
    """An answer, `after_days` working days after its request went out."""

    key: str
    after_days: float = Field(ge=0, le=60)
    reply: Reply
    round: int | None = None
    department: str | None = None
    """Where it is not the plan's: another round's, or one that the engine asks by itself (`change-m1s1`)."""


class ScriptedClosing(ScriptPart):
    """What the duty leader decides once the engine says that a decision is needed."""

    outcome: Outcome
    reason: str
    legal_basis: str | None = None
    remedy: str | None = None
    support: str | None = None
    report: NegativeAnswerReport | None = None


class ScriptedProceeding(ScriptPart):
    """The duty leader goes on with an ask although what it waited for brought nothing."""

    key: str
    reason: str


class Expectation(ScriptPart):
    """What must be true at the end. `departments` is exact; the other tables speak of the asks that they name."""

    outcome: Outcome
    departments: tuple[str, ...]
    replies: dict[str, ReplyCode] = Field(default_factory=dict)
    in_time: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    rungs: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Rungs that must have fired for an ask, a material or `<ask>-rectify`; others may have."""
    sent: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Fields that an ask must have carried."""
    never_sent: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Fields that an ask must not have carried to its department."""
    interim: Outcome | None = None
    """The outcome that stood while promised materials were out."""
    due_days: dict[str, float] = Field(default_factory=dict)
    """Working days from a round's start, or from the acceptance for a material, to its due instant."""
    bounces: dict[str, int] = Field(default_factory=dict)
    declined: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Departments that returned an ask, in their order."""
    deferrals: dict[str, DeferralState] = Field(default_factory=dict)
    materials: dict[str, MaterialState] = Field(default_factory=dict)
    facts: tuple[FactKind, ...] = ()
    """In this order; others may lie between."""
    no_facts: tuple[FactKind, ...] = ()
    told: tuple[str, ...] = ()
    """Words that the requester reads with the progress code."""
    never_told: tuple[str, ...] = ()
    """Words that the requester must not read."""
    declined_told: tuple[str, ...] = ()
    """Names under which the requester reads who declined, in their order."""
    decided_by: str = ""
    """Who signed the outcome; left out where anybody may have."""
    library_tag: str | None = None
    counted_in_rates: bool = True
    same_facts: bool = False
    """Linked to the first case, which refused the same."""
    reopened: bool = False
    """A reopening of the first case."""

    @property
    def reads(self) -> bool:
        """Whether something is expected of what the requester reads."""
        return bool(self.told or self.never_told or self.declined_told)

    @property
    def named(self) -> frozenset[str]:
        """Every ask that is spoken of."""
        tables = (self.replies, self.rungs, self.sent, self.never_sent, self.due_days, self.bounces, self.declined)
        found = {key for table in (*tables, self.deferrals, self.materials) for key in table}
        return frozenset(found.union(self.in_time, self.late))


class Course(ScriptPart):
    """What happens in one case."""

    first_contact: ScriptedContact
    triage: ScriptedTriage
    refused_triage: RefusedTriage | None = None
    plan: Plan | None = None
    answers: tuple[ScriptedAnswer, ...] = ()
    proceeding: tuple[ScriptedProceeding, ...] = ()
    acts: tuple[Act, ...] = ()
    """In this order: an act waits until the one before it is done."""
    closing: ScriptedClosing | None = None
    expect: Expectation

    @model_validator(mode="after")
    def _names_its_own_asks(self) -> Self:
        keys = {ask.key for ask in self.plan.asks} if self.plan else set()
        named = {answer.key for answer in self.answers} | {step.key for step in self.proceeding}
        named |= {act.key for act in self.acts} | self.expect.named
        # What the engine asks by itself has its ask's name in front: change-m1s1, permit-help1
        if unknown := sorted(key for key in named if key not in keys and key.rpartition("-")[0] not in keys):
            raise ValueError(f"the plan has no ask {', '.join(unknown)}")
        if (self.plan is not None) != (self.triage.decision is TriageDecision.COORDINATE):
            raise ValueError("exactly the cases that are coordinated have a plan")
        return self

    def answers_by_department(self) -> tuple[tuple[str, ScriptedAnswer], ...]:
        """The answers that departments give, each with its department."""
        asked = {ask.key: ask.department for ask in self.plan.asks} if self.plan else {}
        owners = ((answer.department or asked.get(answer.key), answer) for answer in self.answers)
        return tuple((department, answer) for department, answer in owners if department is not None)

    def answers_by_clerk(self) -> tuple[ScriptedAnswer, ...]:
        """What external parties say, which the clerk records."""
        external = {ask.key for ask in self.plan.asks if ask.kind is AskKind.EXTERNAL} if self.plan else set()
        return tuple(answer for answer in self.answers if answer.key in external)


class Sequel(Course):
    """The same party comes again with the same matter once the case before has ended."""

    reopening: Reopening | None = None


class DemonstrationCase(Course):
    id: str = Field(pattern=r"^[A-Z]{1,4}-\d{1,2}[a-z]?$")
    place_zh: str
    place_en: str
    registration: Registration
    fresh_party: bool = False
    """A party of this run alone: what it did in an earlier run would decide about this one."""
    hurried: bool = False
    """Its clocks are short: it starts before the others."""
    reopening: Reopening | None = None
    sequels: tuple[Sequel, ...] = Field(default=(), max_length=9)

    def sequel(self, number: int) -> "DemonstrationCase":
        """The case of this sequel, counted from 0: X-7 goes on in X-7b."""
        goes_on = self.sequels[number]
        update: dict[str, object] = {name: getattr(goes_on, name) for name in Sequel.model_fields}
        return self.model_copy(update=update | {"id": f"{self.id}{'bcdefghij'[number]}", "sequels": ()})


def load_scripts(folder: Path) -> tuple[DemonstrationCase, ...]:
    """Read all demonstration files of a folder, in the order of their names. Raises ScriptError."""
    scripts = tuple(_load(path) for path in sorted(folder.glob("*.toml")))
    if not scripts:
        raise ScriptError(f"{folder}: 没有演示文件 · no demonstration files (*.toml) here")
    return scripts


def _load(path: Path) -> DemonstrationCase:
    try:
        return DemonstrationCase.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise ScriptError(f"{path.name}: 不是 TOML · not readable as TOML: {error}") from None
    except ValidationError as error:
        lines = [
            f"{path.name}: {'.'.join(map(str, part['loc'])) or 'file'}: {part['msg']} (rule: {part['type']})"
            for part in error.errors(include_url=False)
        ]
        raise ScriptError("\n".join(["演示文件有误 · a demonstration file is wrong:", *lines])) from None
