"""Departments as administrators see and change them."""

from datetime import time, timedelta
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, ConfigDict, Field, JsonValue, ValidationError

from api.schemas.directory import DepartmentShown
from api.schemas.values import AS_TEXT, Body, LimitText, Line, Reason, Shown
from domain.audit import AuditKind, AuditRecord
from domain.codes import Technique
from domain.department import DEPARTMENT_CODE, MAIL_ADDRESS, Department
from domain.department_setup import CheckReport, IssuedKeys, KeyChange
from domain.errors import invalid
from domain.wire import Instant
from services.administer_department import Added

_EXAMPLE: Final[dict[str, JsonValue]] = {
    "name_zh": "档案馆",
    "name_en": "Archives",
    "technique": "WEBHOOK",
    "base_url": "https://archive.example.org/liandong",
    "max_concurrency": 4,
    "reply_limit": "3 working_days",
}
_HOUR: Final = r"^([01]\d|2[0-3]):[0-5]\d$"
_UNSAID: Final[Any] = Field(default_factory=lambda: None)
"""No default that a client could send by itself: what a body leaves out is as in the entry, or as in a fresh one."""


class QuietHoursBody(Body):
    """夜间时段 · Beijing time; may pass midnight."""

    starts: Annotated[str, Field(pattern=_HOUR, examples=["21:00"])]
    ends: Annotated[str, Field(pattern=_HOUR, examples=["07:00"])]


class DepartmentBody(Body):
    """目录条目 · A directory entry; a setting that is left out of a change stays. Keys are made here and shown once."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    name_zh: Line
    name_en: Line
    technique: Annotated[Technique, AS_TEXT]
    base_url: Annotated[str, Field(max_length=500, description="https; http only inside `own_network`.")] = _UNSAID
    own_network: Annotated[
        str | None,
        Field(
            max_length=50, description="CIDR. Needed when the address is not a public one.", examples=["10.20.0.0/16"]
        ),
    ] = _UNSAID
    mail: Annotated[
        str | None,
        Field(
            max_length=200,
            pattern=MAIL_ADDRESS,
            description="PEOPLE: a link goes there as well.",
            examples=["archive@example.org"],
        ),
    ] = _UNSAID
    poll_seconds: Annotated[int, Field(ge=1, le=86_400, description="The longest pause between two polls.")] = _UNSAID
    poll_seconds_near_due: Annotated[
        int | None, Field(ge=1, le=86_400, description="The shortest, shortly before an answer is due.")
    ] = _UNSAID
    quiet: Annotated[
        QuietHoursBody | None, Field(description="Hours in which the system is asked for urgent cases only.")
    ] = _UNSAID
    sign_limit: LimitText | None = _UNSAID
    reply_limit: LimitText | None = _UNSAID
    signs: Annotated[bool, Field(description="false: delivery counts as signing for.")] = _UNSAID
    max_concurrency: Annotated[int, Field(ge=1, le=256)] = _UNSAID
    max_sends_per_minute: Annotated[
        int, Field(ge=1, le=60_000, description="What one process of ours may ask of the system.")
    ] = _UNSAID
    max_messages_per_minute: Annotated[
        int, Field(ge=1, le=60_000, description="What one process of ours takes from it; more is 429.")
    ] = _UNSAID


class NewDepartmentBody(DepartmentBody):
    """新部门 · A new directory entry."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**_EXAMPLE, "code": "archive"}]})

    code: Annotated[str, Field(pattern=DEPARTMENT_CODE)]


class KeyChangeBody(Body):
    """换钥 · Which keys are replaced, and how long the former ones stay good."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"overlap_hours": 24}]})

    shared: Annotated[bool, Field(description="Replace the shared secret or the bearer token.")] = True
    overlap_hours: Annotated[int, Field(ge=0, le=720, description="0: the former ones end at once.")] = 24
    asymmetric: Annotated[
        bool | None, Field(description="true: a new ed25519 key of ours signs too (v1a). false: no longer.")
    ] = None
    public_keys: Annotated[
        list[Annotated[str, Field(max_length=60)]] | None,
        Field(max_length=3, description="The department's own ed25519 keys (whpk_…), instead of those known so far."),
    ] = None


class SwitchBody(Body):
    """停用或启用 · Why a department is taken out or brought back."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "系统迁移"}]})

    reason: Reason


HourShown = Annotated[
    str, BeforeValidator(lambda hour: f"{hour:%H:%M}" if isinstance(hour, time) else hour), Field(pattern=_HOUR)
]


class QuietHoursShown(Shown):
    starts: HourShown
    ends: HourShown


class DepartmentEntryShown(DepartmentShown):
    """目录条目 · A directory entry with its address; never with its keys."""

    base_url: str
    own_network: str | None
    mail: str | None
    poll_seconds: int
    poll_seconds_near_due: int | None
    quiet: QuietHoursShown | None
    signs: bool
    max_concurrency: int
    max_sends_per_minute: int
    max_messages_per_minute: int


class KeysShown(Shown):
    """密钥 · Shown this once: hand them to the department on a safe way."""

    webhook_secret: str | None
    bearer_token: str | None
    public_key: str | None = Field(description="Ours; checks our v1a signatures.")
    used_from: Instant | None = Field(description="null: from now on")
    former_until: Instant | None = Field(description="null: nothing was replaced, or it ended at once")


class OfficerShown(Shown):
    """经办人 · Answers in the inbox. The token is shown this once."""

    person_id: str
    token: str


class DepartmentAddedShown(Shown):
    department: DepartmentEntryShown
    keys: KeysShown
    officer: OfficerShown | None = Field(description="Only of a department of people, who have no system.")


class CheckStepShown(Shown):
    name: str
    passed: bool | None = Field(description="null: could not be tried")
    detail: str


class CheckShown(Shown):
    """检查 · What a trial message to the department showed."""

    department: str
    passed: bool
    steps: list[CheckStepShown]


class DisabledShown(Shown):
    code: str
    handed_over: int = Field(description="Open rounds that are now decisions of their duty leaders.")


class AuditRecordShown(Shown):
    record_id: str
    kind: AuditKind
    at: Instant
    actor: str
    subject: str
    data: dict[str, str]


class AuditShown(Shown):
    """审计 · Newest first."""

    items: list[AuditRecordShown]


def to_department(body: NewDepartmentBody) -> Department:
    """Raises INVALID naming the field that breaks a rule of the directory."""
    return _valid({"code": body.code, **_said(body)})


def to_changed(before: Department, body: DepartmentBody) -> Department:
    """The entry with what the body names, everything else as it was. Raises INVALID."""
    return _valid(dict(before) | _said(body))


def _said(body: DepartmentBody) -> dict[str, object]:
    """A limit stays the value that the body's text was read as."""
    limits = {name: getattr(body, name) for name in ("sign_limit", "reply_limit") if name in body.model_fields_set}
    return body.model_dump(exclude_unset=True) | limits


def _valid(values: dict[str, object]) -> Department:
    try:
        return Department.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "base_url"
        raise invalid("department-not-valid", first["msg"], field=field) from None


def to_key_change(body: KeyChangeBody) -> KeyChange:
    keys = tuple(body.public_keys) if body.public_keys is not None else None
    return KeyChange(
        shared=body.shared,
        overlap=timedelta(hours=body.overlap_hours),
        asymmetric=body.asymmetric,
        public_keys=keys,
    )


def show_entry(department: Department) -> DepartmentEntryShown:
    return DepartmentEntryShown.model_validate(department)


def show_keys(keys: IssuedKeys) -> KeysShown:
    return KeysShown.model_validate(keys)


def show_added(added: Added) -> DepartmentAddedShown:
    officer = OfficerShown.model_validate(added.officer) if added.officer else None
    return DepartmentAddedShown(department=show_entry(added.department), keys=show_keys(added.keys), officer=officer)


def show_check(report: CheckReport) -> CheckShown:
    steps = [CheckStepShown.model_validate(step) for step in report.steps]
    return CheckShown(department=report.department, passed=report.passed, steps=steps)


def show_audit(records: list[AuditRecord]) -> AuditShown:
    return AuditShown(items=[AuditRecordShown.model_validate(one) for one in records])
