"""Departments as administrators see and change them."""

from datetime import timedelta
from typing import Annotated, Final

from pydantic import ConfigDict, Field, JsonValue, ValidationError

from api.schemas.directory import DepartmentShown
from api.schemas.values import AS_TEXT, Body, LimitText, Line, Reason, Shown
from domain.audit import AuditKind, AuditRecord
from domain.codes import Technique
from domain.department import DEPARTMENT_CODE, Department
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


class DepartmentBody(Body):
    """目录条目 · A directory entry. Keys are not part of it: they are made here and shown once."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    name_zh: Line
    name_en: Line
    technique: Annotated[Technique, AS_TEXT]
    base_url: Annotated[str, Field(max_length=500, description="https; http only inside `own_network`.")] = ""
    own_network: Annotated[
        str | None,
        Field(
            max_length=50, description="CIDR. Needed when the address is not a public one.", examples=["10.20.0.0/16"]
        ),
    ] = None
    poll_seconds: Annotated[int, Field(ge=1, le=86_400)] = 600
    sign_limit: LimitText | None = None
    reply_limit: LimitText | None = None
    max_concurrency: Annotated[int, Field(ge=1, le=256)] = 8


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


class DepartmentEntryShown(DepartmentShown):
    """目录条目 · A directory entry with its address; never with its keys."""

    base_url: str
    own_network: str | None
    poll_seconds: int
    max_concurrency: int


class KeysShown(Shown):
    """密钥 · Shown this once: hand them to the department on a safe way."""

    webhook_secret: str | None
    bearer_token: str | None
    public_key: str | None = Field(description="Ours; checks our v1a signatures.")
    used_from: Instant | None = Field(description="null: from now on")
    former_until: Instant | None = Field(description="null: nothing was replaced, or it ended at once")


class DepartmentAddedShown(Shown):
    department: DepartmentEntryShown
    keys: KeysShown


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


def to_department(code: str, body: DepartmentBody) -> Department:
    """Raises INVALID naming the field that breaks a rule of the directory."""
    values = body.model_dump(exclude={"code"}) | {"sign_limit": body.sign_limit, "reply_limit": body.reply_limit}
    try:
        return Department(code=code, **values)
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
    return DepartmentAddedShown(department=show_entry(added.department), keys=show_keys(added.keys))


def show_check(report: CheckReport) -> CheckShown:
    steps = [CheckStepShown.model_validate(step) for step in report.steps]
    return CheckShown(department=report.department, passed=report.passed, steps=steps)


def show_audit(records: list[AuditRecord]) -> AuditShown:
    return AuditShown(items=[AuditRecordShown.model_validate(one) for one in records])
