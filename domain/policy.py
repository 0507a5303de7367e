"""A district's policy: departments, categories, limits and the ladder, as data that is checked before it is used."""

from collections.abc import Iterable

from pydantic import Field, field_validator

from domain.clock import ClockKind
from domain.codes import Cause, Role
from domain.department import DEPARTMENT_CODE, Department
from domain.ladder import Ladder, check_ladder, unheard
from domain.limit import Limit, TimeUnit
from domain.outage import OutagePause
from domain.retention import Retention
from domain.rule_text import rule_text
from domain.waiting import WaitLimits
from domain.waiting_rungs import STANDARD_RUNGS
from domain.wire import Wire
from domain.working_calendar import OfficeHours, WorkingCalendar

CODE = r"^[a-z0-9][a-z0-9_-]{0,39}$"


class Limits(Wire):
    """Default limits of the coordination clocks; a department or an ask may set its own."""

    first_contact: Limit
    sign_for: Limit
    reply_normal: Limit
    reply_urgent: Limit
    reply_supervised: Limit
    external_follow_up: Limit
    objection: Limit = Limit(unit=TimeUnit.WORKING_DAYS, amount=1)
    """Until when a department may say that a request is not its own."""
    supplement: Limit = Limit(unit=TimeUnit.WORKING_DAYS, amount=5)
    """How long the requester has for what is missing."""
    deferred_material: Limit = Limit(unit=TimeUnit.WORKING_DAYS, amount=5)
    """A material promised for later, where the department names no date of its own."""
    rectification: Limit = Limit(unit=TimeUnit.WORKING_DAYS, amount=5)
    """Last time to keep a promise after its date has passed."""
    decision: Limit = WaitLimits().decision
    """Until the duty leader, or whoever else must decide, has decided."""
    conference: Limit = WaitLimits().conference
    """From convening a conference to its ruling."""
    review: Limit = WaitLimits().review
    """How often somebody looks at what stands still: a pause, a silence after the last rung."""
    follow_up: Limit = Limit(unit=TimeUnit.WORKING_DAYS, amount=5)
    """Until the call after completion."""
    rating_window: Limit = Limit(unit=TimeUnit.WORKING_DAYS, amount=15)
    """How long after completion the requester may rate."""
    review_contact: Limit = Limit(unit=TimeUnit.WORKING_DAYS, amount=1)
    """A real-name bad review: until somebody has spoken with the requester."""


class Category(Wire):
    """The district's own word for a kind of "cannot", mapped onto a fixed cause."""

    code: str = Field(pattern=CODE)
    name_zh: str = Field(min_length=1, max_length=100)
    name_en: str = Field(min_length=1, max_length=100)
    cause: Cause


class ServiceItem(Wire):
    """A matter of the service catalogue and the department that owns it."""

    code: str = Field(pattern=CODE)
    name_zh: str = Field(min_length=1, max_length=200)
    name_en: str = Field(min_length=1, max_length=200)
    department: str = Field(pattern=DEPARTMENT_CODE)
    essential: tuple[str, ...] = Field(default=(), max_length=100)
    """主审要件: names of the materials that are never deferred."""
    excluded_matter: str | None = Field(default=None, min_length=1, max_length=200)
    """Why nothing of this item may be deferred: public safety, health, ecology."""


class HeldMaterial(Wire):
    """A material that a department has already, so that the requester is never asked for it."""

    name: str = Field(min_length=1, max_length=200)
    held_by: str = Field(pattern=DEPARTMENT_CODE)


class SilenceRule(Wire):
    """Where the district lets silence until the due instant count as consent, and under which document."""

    document: str = Field(min_length=1, max_length=200)
    """Number of the policy document; without one there is no such rule."""
    roles: tuple[Role, ...] = Field(min_length=1)
    departments: tuple[str, ...] = ()
    """None named: every department."""

    def covers(self, department: str, role: Role) -> bool:
        return role in self.roles and (not self.departments or department in self.departments)


class PolicyProblem(Wire):
    """One reason why a policy cannot be used: where, which rule, and what is wrong."""

    field: str
    rule: str
    detail: str

    def __str__(self) -> str:
        return f"{self.field}: {rule_text(self.rule)} · {self.detail} (rule: {self.rule})"


class DistrictPolicy(Wire):
    """Everything that a district decides for itself. Use it only when `check()` is empty."""

    district: str = Field(min_length=1, max_length=100)
    version: str = Field(min_length=1, max_length=100)
    limits: Limits
    ladder: Ladder
    categories: tuple[Category, ...] = Field(min_length=1)
    departments: tuple[Department, ...] = Field(min_length=1)
    items: tuple[ServiceItem, ...] = ()
    retention: Retention = Retention()
    materials: tuple[HeldMaterial, ...] = ()
    silence_consents: tuple[SilenceRule, ...] = ()
    outage_pauses: tuple[OutagePause, ...] = ()
    max_extensions_per_round: int = Field(default=1, ge=0, le=10)
    follow_up_attempts: int = Field(default=3, ge=1, le=20)
    """So many calls that reach nobody are enough."""
    office_hours: OfficeHours = OfficeHours()
    receipt_outside_hours_counts_next_day: bool = True
    """What arrives while the office is closed is received at the next opening; False: on the day of its arrival."""

    @field_validator("ladder")
    @classmethod
    def _chases_everybody(cls, ladder: Ladder) -> Ladder:
        """A district words its own rungs for our own silence, but cannot do without."""
        return ladder.completed(STANDARD_RUNGS)

    @property
    def wait_limits(self) -> WaitLimits:
        limits = self.limits
        return WaitLimits(decision=limits.decision, conference=limits.conference, review=limits.review)

    @property
    def ordinary_weeks(self) -> WorkingCalendar:
        """This district's office hours in weeks without holidays."""
        return WorkingCalendar(
            version="ordinary-weeks",
            office=self.office_hours,
            receipt_outside_hours_counts_next_day=self.receipt_outside_hours_counts_next_day,
        )

    def department(self, code: str) -> Department | None:
        return next((department for department in self.departments if department.code == code), None)

    def category(self, code: str) -> Category | None:
        return next((category for category in self.categories if category.code == code), None)

    def item(self, code: str | None, name: str) -> ServiceItem | None:
        """By its code, else by its name in either language."""
        by_code = next((item for item in self.items if code is not None and item.code == code), None)
        return by_code or next((item for item in self.items if name.strip() in (item.name_zh, item.name_en)), None)

    def silence_consents_under(self, department: str, role: Role) -> str | None:
        """Number of the document under which this department's silence counts as consent."""
        rule = next((rule for rule in self.silence_consents if rule.covers(department, role)), None)
        return rule.document if rule else None

    def check(self) -> tuple[PolicyProblem, ...]:
        """Every rule across tables that the policy breaks; what one value may be is checked when it is read."""
        return (*self._duplicates(), *self._unknown_departments(), *self._ladder_problems())

    def _duplicates(self) -> Iterable[PolicyProblem]:
        tables = {
            "departments": [department.code for department in self.departments],
            "categories": [category.code for category in self.categories],
            "items": [item.code for item in self.items],
            "materials": [material.name for material in self.materials],
        }
        for table, codes in tables.items():
            for code in sorted({code for code in codes if codes.count(code) > 1}):
                yield PolicyProblem(field=table, rule="unique-code", detail=f"the code {code!r} is used more than once")

    def _unknown_departments(self) -> Iterable[PolicyProblem]:
        known = {department.code for department in self.departments}
        named = [(f"items.{index}.department", item.department) for index, item in enumerate(self.items)]
        named += [(f"materials.{index}.held_by", held.held_by) for index, held in enumerate(self.materials)]
        for index, rule in enumerate(self.silence_consents):
            named += [(f"silence_consents.{index}.departments", code) for code in rule.departments]
        for index, pause in enumerate(self.outage_pauses):
            named += [(f"outage_pauses.{index}.departments", code) for code in pause.departments]
        for field, code in named:
            if code not in known:
                detail = f"no department {code!r} in the directory"
                yield PolicyProblem(field=field, rule="known-department", detail=detail)

    def _ladder_problems(self) -> Iterable[PolicyProblem]:
        for problem in (*check_ladder(self.ladder, self.limits_by_clock(), self.ordinary_weeks), *unheard(self.ladder)):
            yield PolicyProblem(field="ladder.rungs", rule="ladder", detail=problem)

    def limits_by_clock(self) -> dict[ClockKind, tuple[Limit, ...]]:
        """Every limit that a clock of this district may have by itself, by the clock's kind."""
        limits = self.limits
        own = self.departments
        replies = (limits.reply_normal, limits.reply_urgent, limits.reply_supervised)
        return {
            ClockKind.FIRST_CONTACT: (limits.first_contact,),
            ClockKind.SIGN_FOR: (limits.sign_for, *(d.sign_limit for d in own if d.sign_limit)),
            ClockKind.REPLY: (*replies, *(d.reply_limit for d in own if d.reply_limit)),
            ClockKind.EXTERNAL_FOLLOW_UP: (limits.external_follow_up,),
            ClockKind.FOLLOW_UP: (limits.follow_up,),
            ClockKind.REVIEW_CONTACT: (limits.review_contact,),
            ClockKind.OBJECTION: (limits.objection,),
            ClockKind.SUPPLEMENT: (limits.supplement,),
            ClockKind.DEFERRED_MATERIAL: (limits.deferred_material,),
            ClockKind.RECTIFICATION: (limits.rectification,),
            ClockKind.DECISION: (limits.decision, limits.conference),
            ClockKind.REVIEW: (limits.review,),
        }
