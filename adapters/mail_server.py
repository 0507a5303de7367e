"""A mail server as the settings describe it."""

import ssl
from dataclasses import dataclass
from enum import StrEnum


class Encryption(StrEnum):
    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


@dataclass(frozen=True)
class MailServer:
    host: str
    port: int
    sender: str
    encryption: Encryption = Encryption.STARTTLS
    user: str | None = None
    password: str | None = None
    timeout_seconds: float = 15.0
    trust: ssl.SSLContext | None = None
