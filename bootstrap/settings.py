"""Every setting of the product, read once from the environment (LIANDONG_…), with safe embedded defaults."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from adapters.mail_server import Encryption
from bootstrap.operator_error import OperatorError
from domain.department import MAIL_ADDRESS
from domain.rule_text import rule_text

ENV_PREFIX = "LIANDONG_"
NESTED = "__"

Port = Annotated[int, Field(ge=0, le=65535)]
"""0 asks for a free port."""


class SettingsError(OperatorError):
    """A setting is wrong; the text names every environment variable concerned and is meant for a person."""


class TemporalMode(StrEnum):
    EMBEDDED = "embedded"
    OUTSIDE = "outside"


class Pace(StrEnum):
    """Whether limits run on the real calendar or on compressed working days (demonstration)."""

    REAL = "real"
    COMPRESSED = "compressed"


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TlsSettings(_Group):
    """Files for TLS towards Temporal; the certificate and its key come together (mutual TLS)."""

    enabled: bool = False
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    server_name: str | None = None

    @model_validator(mode="after")
    def certificate_and_key_together(self) -> Self:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file must be set together")
        return self

    @property
    def wanted(self) -> bool:
        return self.enabled or any((self.ca_file, self.cert_file, self.server_name))


class TemporalSettings(_Group):
    mode: TemporalMode = TemporalMode.EMBEDDED
    address: str = Field("127.0.0.1:7233", pattern=r"^[^\s/:]+:\d{1,5}$", description="host:port, outside mode")
    namespace: str = Field("liandong", min_length=1)
    api_key: SecretStr | None = None
    tls: TlsSettings = TlsSettings()
    port: Port = Field(7233, description="embedded mode")
    ui_port: Port = Field(8233, description="embedded mode")
    ui_url: str | None = Field(None, description="address of Temporal's own UI in outside mode, for links")
    retention_days: int = Field(365, ge=1, description="how long the embedded server keeps closed histories")
    start_timeout_seconds: float = Field(30, gt=0)

    @model_validator(mode="after")
    def no_credentials_for_the_embedded_server(self) -> Self:
        if self.mode is TemporalMode.EMBEDDED and (self.api_key is not None or self.tls.wanted):
            raise ValueError("api_key and tls belong to mode=outside: the embedded server knows neither")
        return self

    @model_validator(mode="after")
    def no_key_in_clear(self) -> Self:
        if self.api_key is not None and not self.tls.wanted:
            raise ValueError("api_key needs TLS: set tls__enabled=true, or an authority of your own in tls__ca_file")
        return self


class ApiSettings(_Group):
    host: str = "127.0.0.1"
    port: Port = 8000
    public_url: str | None = Field(None, description="base address that departments use for callbacks")
    trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...], NoDecode] = Field(
        (), description="comma list of addresses or networks whose X-Forwarded-For is believed; none by default"
    )

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def from_comma_list(cls, value: object) -> object:
        return _parts(value) if isinstance(value, str) else value


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


class CodecSettings(_Group):
    key_file: Path | None = Field(None, description="default: codec.keys in the data directory")
    keys: SecretStr | None = Field(None, description="id:base64[,id:base64…], the first one encrypts")

    @model_validator(mode="after")
    def one_source(self) -> Self:
        if self.key_file is not None and self.keys is not None:
            raise ValueError("key_file and keys exclude each other")
        return self


class TelemetrySettings(_Group):
    otlp_endpoint: str | None = Field(
        None, pattern=r"^https?://", description="collector's base address; none: no traces"
    )
    prometheus: bool = True
    service_name: str = Field("liandong", min_length=1)
    sample_ratio: float = Field(1.0, ge=0, le=1)


class LogSettings(_Group):
    level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR|CRITICAL)$")
    format: str = Field("console", pattern="^(console|json)$")

    @field_validator("level", mode="before")
    @classmethod
    def in_any_case(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value


class MailSettings(_Group):
    """The server that carries links to people without a token; without a host no mail is sent."""

    host: str | None = None
    port: int = Field(587, ge=1, le=65535)
    sender: str = Field("liandong@localhost", pattern=MAIL_ADDRESS)
    encryption: Encryption = Encryption.STARTTLS
    user: str | None = None
    password: SecretStr | None = None


class PaceSettings(_Group):
    mode: Pace = Pace.REAL
    seconds_per_working_day: float = Field(4.0, gt=0, le=86_400, description="compressed pace")


def _default_task_slots() -> int:
    # Replay is CPU work in one process: beyond about four a core, tasks only wait inside instead of outside
    return 3 * (os.cpu_count() or 1)


class WorkerSettings(_Group):
    engine: bool = Field(True, description="run the engine's own queue")
    departments: Annotated[tuple[str, ...], NoDecode] | None = Field(
        None, description="comma list of codes, or the word none; unset: all of them"
    )
    max_concurrent_workflow_tasks: int = Field(default_factory=_default_task_slots, ge=2)
    max_concurrent_activities: int = Field(100, ge=1)
    max_cached_workflows: int = Field(1000, ge=0)

    @field_validator("departments", mode="before")
    @classmethod
    def from_comma_list(cls, value: object) -> object:
        if isinstance(value, str):
            return () if value.strip() == "none" else _parts(value)
        return value


class Settings(BaseSettings):
    """Groups are nested with two underscores: LIANDONG_TEMPORAL__ADDRESS."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_nested_delimiter=NESTED, frozen=True, extra="forbid", env_ignore_empty=True
    )

    data_dir: Path = Path("./data")
    database_url: SecretStr | None = Field(None, description="SQLAlchemy address; none: SQLite in the data directory")
    policies_dir: Path | None = Field(None, description="none: the policies that ship with the product")
    notice_log: Path | None = Field(None, description="none: notices.jsonl in the data directory")
    matching_key: SecretStr | None = Field(None, description="base64; none: matching.key in the data directory")
    token: SecretStr | None = Field(None, description="who the commands act as; none: the data directory's own tokens")
    graceful_shutdown_seconds: float = Field(30, ge=0)
    temporal: TemporalSettings = TemporalSettings()
    api: ApiSettings = ApiSettings()
    codec: CodecSettings = CodecSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    log: LogSettings = LogSettings()
    mail: MailSettings = MailSettings()
    pace: PaceSettings = PaceSettings()
    worker: WorkerSettings = WorkerSettings()

    @field_validator("database_url")
    @classmethod
    def async_driver(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(
            ("sqlite+aiosqlite://", "postgresql+psycopg://")
        ):
            raise ValueError("must start with sqlite+aiosqlite:// or postgresql+psycopg://")
        return value

    @property
    def sqlalchemy_url(self) -> str:
        """With the password in it: never print it."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite+aiosqlite:///{self.data_dir.resolve() / 'liandong.db'}"

    @property
    def codec_key_file(self) -> Path:
        return self.codec.key_file or self.data_dir / "codec.keys"

    @property
    def notice_log_file(self) -> Path:
        return self.notice_log or self.data_dir / "notices.jsonl"

    @property
    def policies(self) -> Path:
        return self.policies_dir or Path(__file__).resolve().parent.parent / "policies"


def load_settings(**overrides: object) -> Settings:
    """Read the environment; keyword arguments win over it.

    Raises SettingsError with one line for each wrong or unknown setting, below the first one.
    """
    problems = [
        f"{name}: 没有此项设置 · no such setting" for name in sorted(set(os.environ) - known_variables()) if _ours(name)
    ]
    settings: Settings | None = None
    try:
        settings = Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        problems += [_line(part) for part in error.errors(include_input=False, include_url=False)]
    if problems or settings is None:
        raise SettingsError("\n".join(["设置有误，请更正以下环境变量 · these settings are wrong:", *problems]))
    return settings


def known_variables() -> frozenset[str]:
    """Every environment variable that Settings reads, for checks of deployment files."""
    return frozenset(_variables(Settings, ENV_PREFIX))


def _variables(model: type[BaseModel], prefix: str) -> list[str]:
    names: list[str] = []
    for name, field in model.model_fields.items():
        variable = f"{prefix}{name.upper()}"
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, _Group):
            names += _variables(kind, variable + NESTED)
        else:
            names.append(variable)
    return names


def _ours(name: str) -> bool:
    return name.startswith(ENV_PREFIX)


def _line(problem: ErrorDetails) -> str:
    # A validator of a whole group reports the group; its variables then share the prefix
    variable = ENV_PREFIX + NESTED.join(str(part).upper() for part in problem["loc"] if isinstance(part, str))
    if variable not in known_variables():
        variable += f"{NESTED}…"
    wanted = rule_text(problem["type"], problem.get("ctx"))
    return f"{variable}: {wanted} · {problem['msg'].removeprefix('Value error, ')}"
