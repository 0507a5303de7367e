"""One round of one request, as a department's system sees it that writes a message about it."""

import base64
import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from tests.server.world import signature

Json = dict[str, Any]
REVOKED = "revoked"


@dataclass(frozen=True)
class Message:
    """As it goes over the wire. `received_at`: what our clock says then; None: the present."""

    door: str
    body: bytes
    headers: dict[str, str]
    received_at: datetime | None = None


@dataclass(frozen=True)
class Scene:
    request_id: str
    department: str
    secrets: dict[str, str] = field(repr=False)
    due_at: datetime
    objection_due_at: datetime
    first_message_id: str

    @property
    def case_id(self) -> str:
        return self.request_id.partition(".")[0]

    @property
    def police_secret(self) -> str:
        return self.secrets["police"]

    @property
    def unknown_secret(self) -> str:
        return f"whsec_{base64.b64encode(b'a secret that nobody has').decode()}"

    @property
    def revoked_secret(self) -> str:
        """Was the department's own until its key was exchanged."""
        return self.secrets[REVOKED]

    @property
    def seconds(self) -> int:
        return int(time.time())

    def reply(self, said: Json, *, number: int = 1, request_id: str | None = None) -> Json:
        data = {"request_id": request_id or self.request_id, "round": number, "reply": said}
        return {"type": "request.replied", "timestamp": datetime.now(UTC).isoformat(), "data": data}

    def acknowledgement(self) -> Json:
        data = {"request_id": self.request_id, "round": 1}
        return {"type": "request.acknowledged", "timestamp": datetime.now(UTC).isoformat(), "data": data}

    def answer(self, said: Json, **how: Any) -> Message:
        return self.signed(self.reply(said), **how)

    def signed(
        self,
        body: Json | bytes,
        *,
        message_id: str | None = None,
        secret: str | None = None,
        door: str | None = None,
        sent: int = 0,
    ) -> Message:
        """`sent`: seconds from now."""
        raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        at, using = self.seconds + sent, secret or self.secrets[self.department]
        headers = signature(using, message_id or f"msg-{uuid4().hex}", raw, at)
        return Message(door or self.department, raw, headers | {"content-type": "application/json"})
