"""A single simulated department to develop against: what it shares with the engine, and how to work with it."""

import base64
import secrets as randomness
from dataclasses import dataclass
from typing import Self

from simulators.department import Secrets
from simulators.script import Behaviour, Script

QUICK = Script(default=Behaviour(acknowledge_after=0.5, answer_after=1.0))
"""How it behaves when nobody says otherwise."""
SYSTEMS = ("webhook", "polled", "xml")


@dataclass(frozen=True)
class Single:
    technique: str
    code: str
    secret: str

    @classmethod
    def of(cls, technique: str, code: str, secret: str | None) -> Self:
        """A new secret where none is given. Raises ValueError for one that the product would not take."""
        if secret is None:
            random = base64.b64encode(randomness.token_bytes(24)).decode()
            secret = f"whsec_{random}" if technique == "webhook" else randomness.token_urlsafe(24)
        elif technique == "webhook" and not secret.startswith("whsec_"):
            raise ValueError("the shared secret starts with whsec_")
        elif len(secret) < 16:
            raise ValueError("a token has 16 signs or more")
        return cls(technique, code, secret)

    @property
    def secrets(self) -> Secrets:
        if self.technique == "webhook":
            return Secrets(webhook_secrets=(self.secret,))
        return Secrets(bearer_token=self.secret)

    def told(self, url: str, control: str) -> str:
        """For the person who started it."""
        allowed = f"-H 'Authorization: Bearer {control}'"
        certify = f"liandong certify {url}/{self.code} --technique {self.technique} --secret {self.secret}"
        return "\n".join(
            (
                f"地址 · address   {url}/{self.code}",
                f"密钥 · secret    {self.secret}",
                f"行为 · behaviour curl -X PUT {url}/scripts/{self.code} {allowed} "
                "-H 'Content-Type: application/json' "
                """-d '{"default": {"answer_after": 30, "fail_first": 2}}'""",
                f"记录 · journal   curl {url}/journal/{self.code} {allowed}",
                f"认证 · certify   {certify}",
                "按 Ctrl-C 停止 · Ctrl-C stops",
            )
        )
