"""Secrets shared with departments: signing secrets of webhook systems, bearer tokens of polled ones."""

import json
import os
import re
import secrets as randomness
import ssl
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from adapters.webhook_signature import PRIVATE_KEY, check_public_key, new_secret, public_key_of
from domain.codes import Technique
from domain.department import Department
from domain.department_failure import DepartmentUnavailable

MOST_SHARED = 4
MOST_RETIRING = MOST_SHARED + 1
"""As many as one change replaces at most: our own key is the fifth."""
_WEBHOOK_SECRET = re.compile(r"(whsec_)?[A-Za-z0-9+/]{32,128}={0,2}", re.ASCII)


class RetiringSecret(BaseModel):
    """A replaced secret: still good for a while, so that both sides can change it at different moments."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    secret: SecretStr
    until: AwareDatetime


class ComingToken(BaseModel):
    """A bearer token that we show from an instant on; before that the department puts it into its system."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    token: SecretStr = Field(min_length=16)
    shown_from: AwareDatetime


class DepartmentTls(BaseModel):
    """Files for TLS towards one department's own service; certificate and key together make it mutual."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ca_file: Path | None = None
    """None: the public certificate authorities."""
    cert_file: Path | None = None
    key_file: Path | None = None

    @model_validator(mode="after")
    def _together(self) -> Self:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file belong together")
        return self

    def context(self) -> ssl.SSLContext:
        """Raises DepartmentUnavailable while the files cannot be used: mending them mends it."""
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
            if self.cert_file is not None:
                context.load_cert_chain(self.cert_file, self.key_file)
        except OSError:
            raise DepartmentUnavailable("tls: the certificate files for this department cannot be used") from None
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context


class DepartmentSecret(BaseModel):
    """What we share with one department. Replaced secrets overlap, so that a secret changes without a gap."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    webhook_secrets: tuple[SecretStr, ...] = Field(default=(), max_length=MOST_SHARED)
    """We sign with the first one and accept every one."""
    retiring: tuple[RetiringSecret, ...] = Field(default=(), max_length=MOST_RETIRING)
    """Until they expire we sign with them too and accept them."""
    bearer_token: SecretStr | None = Field(default=None, min_length=16)
    coming_token: ComingToken | None = None
    signing_key: SecretStr | None = None
    """Our ed25519 key for this department (`whsk_…`), if it wants signatures that it can show to others."""
    public_keys: tuple[str, ...] = Field(default=(), max_length=3)
    """The department's own ed25519 keys (`whpk_…`): it may sign with them instead of the shared secret."""
    link_key: SecretStr | None = Field(default=None, min_length=16)
    """Makes the links that are sent to people; a new key ends all links that are still open."""
    tls: DepartmentTls | None = None

    @field_validator("webhook_secrets")
    @classmethod
    def _usable(cls, secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for secret in secrets:
            # The library skips what is no base64, so that a typing error would become a shorter key
            if not _WEBHOOK_SECRET.fullmatch(secret.get_secret_value()):
                raise ValueError("a webhook secret is whsec_ and the base64 of at least 24 bytes")
        return secrets

    @field_validator("public_keys")
    @classmethod
    def _keys(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(check_public_key(key) for key in keys)

    @field_validator("signing_key")
    @classmethod
    def _private_key(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None:
            public_key_of(key.get_secret_value())
        return key

    @property
    def signing_secret(self) -> str | None:
        return next(iter(self.signing_secrets), None)

    @property
    def signing_secrets(self) -> tuple[str, ...]:
        """All that a message is signed with now: the receiver needs to know only one of them."""
        own = [secret.get_secret_value() for secret in self.webhook_secrets[:1]]
        key = [self.signing_key.get_secret_value()] if self.signing_key else []
        return (*own, *self._retiring(), *key)

    @property
    def accepted_secrets(self) -> tuple[str, ...]:
        """All that a message may be signed with now."""
        own = (secret.get_secret_value() for secret in self.webhook_secrets)
        former = (secret for secret in self._retiring() if not secret.startswith(PRIVATE_KEY))
        return (*own, *former, *self.public_keys)

    @property
    def authorization(self) -> str | None:
        coming = self.coming_token
        token = coming.token if coming is not None and coming.shown_from <= datetime.now(UTC) else self.bearer_token
        return f"Bearer {token.get_secret_value()}" if token else None

    def _retiring(self) -> list[str]:
        now = datetime.now(UTC)
        return [one.secret.get_secret_value() for one in self.retiring if one.until > now]


class SecretSource(Protocol):
    """Where the lines look a department's secrets up, each time anew."""

    def of(self, code: str) -> DepartmentSecret:
        """An empty entry for a department without secrets."""
        ...


_FILE: TypeAdapter[dict[str, DepartmentSecret]] = TypeAdapter(dict[str, DepartmentSecret])


class DepartmentSecrets:
    """By department code. A department without an entry can neither be sent to nor heard."""

    def __init__(self, by_code: Mapping[str, DepartmentSecret]) -> None:
        self._by_code = dict(by_code)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read `{"code": {"webhook_secrets": [...], "bearer_token": "..."}}`.

        Raises ValueError naming entry and rule, never a secret.
        """
        try:
            return cls(_FILE.validate_json(path.read_bytes()))
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False, include_context=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise ValueError(f"{path.name}: {where}: {first['msg']}") from None

    def save(self, path: Path) -> None:
        """Readable by the owner alone; replaced in one step."""
        draft = path.with_name(f".{path.name}.new")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump({code: _plain(secret) for code, secret in sorted(self._by_code.items())}, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)

    def completed_for(self, departments: Iterable[Department]) -> Self:
        """The same secrets plus new random ones that a department's technique needs and nobody made yet."""
        return type(self)(
            self._by_code | {one.code: _completed(self.of(one.code), one.technique) for one in departments}
        )

    def only(self, codes: Iterable[str]) -> Self:
        return type(self)({code: self._by_code[code] for code in codes if code in self._by_code})

    def changed(self, code: str, secret: DepartmentSecret) -> Self:
        """The same secrets with another entry for one department."""
        return type(self)(self._by_code | {code: secret})

    def of(self, code: str) -> DepartmentSecret:
        return self._by_code.get(code, DepartmentSecret())

    def same_as(self, other: "DepartmentSecrets") -> bool:
        return self._by_code == other._by_code

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(self._by_code)


def random_secret(technique: Technique) -> DepartmentSecret:
    """What a department of this technique needs, new."""
    return _completed(DepartmentSecret(), technique)


def _completed(secret: DepartmentSecret, technique: Technique) -> DepartmentSecret:
    match technique:
        case Technique.WEBHOOK if not secret.webhook_secrets:
            return secret.model_copy(update={"webhook_secrets": (SecretStr(new_secret()),)})
        case Technique.PEOPLE if secret.link_key is None:
            return secret.model_copy(update={"link_key": SecretStr(randomness.token_urlsafe(32))})
        case Technique.POLLED | Technique.XML if secret.bearer_token is None:
            return secret.model_copy(update={"bearer_token": SecretStr(randomness.token_urlsafe(32))})
    return secret


def _plain(value: object) -> object:
    """In clear, for the file; what is not set is left out."""
    if isinstance(value, BaseModel):
        fields = {name: _plain(getattr(value, name)) for name in type(value).model_fields}
        return {name: found for name, found in fields.items() if found not in (None, [])}
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Path) else value
