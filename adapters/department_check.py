"""A trial message to a department: asks about a request that never was, rightly and wrongly signed."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from pydantic import JsonValue

from adapters.department_message import written
from adapters.department_secrets import DepartmentSecret
from adapters.http_client import HttpCall, HttpClient, HttpLimits, HttpReply
from adapters.outgoing_address import AddressGuard, Resolve
from adapters.webhook_signature import new_secret, sign
from domain.codes import Technique
from domain.department import Department
from domain.department_failure import DepartmentUnavailable
from domain.department_setup import CheckReport, CheckStep
from domain.ports import TimeSource

NEVER = "LD-0000-000000.check"
"""A request of a case that no district ever registers."""
_SECONDS = 10.0
_CLOCK_FAILS = 240
"""Seconds. Signatures are refused from five minutes on; nearer than this it is only a matter of time."""
_UNDERSTOOD = frozenset({404, 409, 410})
_NOT_KNOWN = (401, 403)


@dataclass(frozen=True)
class DepartmentCheck:
    """`trust` and `resolve` as for the lines."""

    time: TimeSource
    trust: ssl.SSLContext | None = None
    resolve: Resolve | None = None

    async def run(self, department: Department, secret: DepartmentSecret) -> CheckReport:
        if department.technique is Technique.PEOPLE:
            step = CheckStep(name="reachable", passed=None, detail="people have no system: the inbox reaches them")
            return CheckReport(department=department.code, steps=(step,))
        guard = AddressGuard(department.own_network, self.resolve)
        client = HttpClient(HttpLimits(connections=1, total_seconds=_SECONDS), trust=self.trust, guard=guard)
        try:
            steps = await self._steps(client, department, secret)
        finally:
            await client.close()
        return CheckReport(department=department.code, steps=tuple(steps))

    async def _steps(self, client: HttpClient, department: Department, secret: DepartmentSecret) -> list[CheckStep]:
        right, wrong = self._calls(department, secret)
        try:
            began = self.time.now()
            reply = await client.send(right)
            ended = self.time.now()
        except DepartmentUnavailable as error:
            kind = str(error).partition(":")[0]
            tls = CheckStep(name="tls", passed=False if kind == "tls" else None, detail="no encrypted connection")
            return [CheckStep(name="reachable", passed=False, detail=str(error)), tls]
        steps = [
            CheckStep(name="reachable", passed=True, detail=answered(reply)),
            _tls(department),
            clock_step(reply, began + (ended - began) / 2),
        ]
        if department.technique is Technique.XML:
            # A question that is no SOAP shows that somebody is there, and nothing about the token
            return [*steps, CheckStep(name="signature", passed=None, detail="not tried: only a real message shows it")]
        return [*steps, _signature(reply), await _strictness(client, wrong)]

    def _calls(self, department: Department, secret: DepartmentSecret) -> tuple[HttpCall, HttpCall]:
        """Rightly and wrongly authenticated; neither has an effect, whatever becomes of it."""
        if department.technique is not Technique.WEBHOOK:
            url = f"{department.base_url.rstrip('/')}/requests/{NEVER}/rounds/1"
            token = secret.authorization or "Bearer none"
            return HttpCall("GET", url, {"authorization": token}), HttpCall(
                "GET", url, {"authorization": "Bearer wrong"}
            )
        url = f"{department.base_url.rstrip('/')}/requests/withdrawn"
        return self._signed(url, secret.signing_secrets), self._signed(url, (new_secret(),))

    def _signed(self, url: str, secrets: tuple[str, ...]) -> HttpCall:
        now = self.time.now()
        data: dict[str, JsonValue] = {
            "request_id": NEVER,
            "round": 1,
            "idempotency_key": f"{NEVER}.r1",
            "case_id": NEVER.partition(".")[0],
        }
        body = written("request.withdrawn", now, data | {"reason": "check"})
        headers: Mapping[str, str] = sign(secrets, f"{NEVER}.{int(now.timestamp())}", now, body)
        return HttpCall("POST", url, {**headers, "content-type": "application/json"}, body.encode())


def answered(reply: HttpReply) -> str:
    """A 404 looks like a failure beside a tick, so the reason stands with it."""
    if reply.status in _UNDERSTOOD:
        return f"it answers (HTTP {reply.status}, as expected: the trial names a request that never was)"
    return f"it answers (HTTP {reply.status})"


def _tls(department: Department) -> CheckStep:
    if department.base_url.startswith("https:"):
        return CheckStep(name="tls", passed=True, detail="encrypted, and the certificate is acceptable")
    return CheckStep(name="tls", passed=None, detail="plain http, inside the department's own network")


def clock_step(reply: HttpReply, ours: datetime) -> CheckStep:
    try:
        theirs = parsedate_to_datetime(reply.headers.get("date", ""))
        theirs = theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)
        skew = round((theirs - ours).total_seconds())
    except ValueError:
        return CheckStep(name="clock", passed=None, detail="the system does not say what time it has")
    detail = f"its clock differs from ours by about {abs(skew)} s"
    return CheckStep(name="clock", passed=abs(skew) < _CLOCK_FAILS, detail=detail)


def _signature(reply: HttpReply) -> CheckStep:
    if reply.status < 300 or reply.status in _UNDERSTOOD:
        return CheckStep(name="signature", passed=True, detail="our key was accepted")
    if reply.status in _NOT_KNOWN:
        return CheckStep(name="signature", passed=False, detail="our key was refused: has the department installed it?")
    return CheckStep(name="signature", passed=False, detail=f"HTTP {reply.status} says neither yes nor no")


async def _strictness(client: HttpClient, wrong: HttpCall) -> CheckStep:
    try:
        reply = await client.send(wrong)
    except DepartmentUnavailable as error:
        return CheckStep(name="refuses-strangers", passed=None, detail=str(error))
    if 400 <= reply.status < 500 and reply.status not in _UNDERSTOOD:
        return CheckStep(name="refuses-strangers", passed=True, detail=f"a wrong key gets HTTP {reply.status}")
    detail = f"a wrong key gets HTTP {reply.status}: everybody could speak in our name"
    return CheckStep(name="refuses-strangers", passed=False, detail=detail)
