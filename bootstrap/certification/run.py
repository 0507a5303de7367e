"""A conformance run against a department's endpoint, from the first request to the report."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from adapters.http_client import HttpCall, HttpClient, HttpLimits
from bootstrap import http_server
from bootstrap.certification.asked import situations as asked
from bootstrap.certification.asked.heard import Wire
from bootstrap.certification.asked.polled import JSON_TYPES, Polled
from bootstrap.certification.asked.trial import Trial as AskedTrial
from bootstrap.certification.asked.xml import XML_TYPES, Xml
from bootstrap.certification.failure import NobodyThere, nobody_there
from bootstrap.certification.finding import Finding, Report
from bootstrap.certification.request import CODE
from bootstrap.certification.situation import Audience, Nobody, play
from bootstrap.certification.times import Times
from bootstrap.certification.webhook.door import Door
from bootstrap.certification.webhook.sender import Sender
from bootstrap.certification.webhook.situations import SITUATIONS as WEBHOOK
from bootstrap.certification.webhook.trial import Trial as WebhookTrial
from bootstrap.settings import ApiSettings
from domain.codes import Technique
from domain.department_failure import DepartmentUnavailable

_CONNECTIONS = 8
NAMES = {
    Technique.WEBHOOK: tuple(one.name for one in WEBHOOK),
    Technique.POLLED: tuple(one.name for one in asked.POLLED),
    Technique.XML: tuple(one.name for one in asked.XML),
}
"""The situations of each technique. People have no system: there is nothing to certify."""


@dataclass(frozen=True)
class Callbacks:
    """How a department reaches this machine, when it calls back."""

    listen: ApiSettings = field(default_factory=lambda: ApiSettings(port=0))
    url: str | None = None
    """Where the department reaches this machine; None: the listening address itself."""
    public_keys: Sequence[str] = ()
    """The department's own keys, when it signs with them."""


@dataclass(frozen=True)
class Subject:
    """Whom to certify. `secret` is the shared secret (`whsec_…`) or the token that is shown after `Bearer`."""

    url: str
    secret: str
    technique: Technique = Technique.WEBHOOK
    times: Times = field(default_factory=Times)
    callbacks: Callbacks = field(default_factory=Callbacks)


async def certify(subject: Subject, audience: Audience | None = None) -> Report:
    """Play every situation of the contract, one after the other.

    Raises NobodyThere when nothing answers at the address at all, and never for what the department does.
    """
    # Twice the time of the contract: what comes late is worth another finding than what never comes
    calls_back = subject.technique is Technique.WEBHOOK
    seconds = subject.times.answer * (1 if calls_back else 2)
    client = HttpClient(HttpLimits(connections=_CONNECTIONS, total_seconds=seconds))
    try:
        await _reach(client, subject.url)
        playing = _webhook if calls_back else _asked
        findings = await playing(client, subject, audience or Nobody())
    finally:
        await client.close()
    return Report(url=subject.url, technique=subject.technique, findings=findings)


async def _reach(client: HttpClient, url: str) -> None:
    try:
        await client.send(HttpCall("GET", url))
    except DepartmentUnavailable as error:
        if nobody_there(error):
            raise NobodyThere(url, error) from None


async def _webhook(client: HttpClient, subject: Subject, audience: Audience) -> tuple[Finding, ...]:
    door = Door((subject.secret, *subject.callbacks.public_keys))
    listening = http_server.listen(subject.callbacks.listen)
    base = (subject.callbacks.url or http_server.address(listening)).rstrip("/")
    reply_to = f"{base}/v1/departments/{CODE}/callbacks"
    sender = Sender(client, subject.url.rstrip("/"), (subject.secret,), reply_to, door)
    trial = WebhookTrial(sender, door, subject.times)
    async with http_server.serving(door.app(), listening, 2):
        return await play(WEBHOOK, trial, audience)


async def _asked(client: HttpClient, subject: Subject, audience: Audience) -> tuple[Finding, ...]:
    url, xml = subject.url.rstrip("/"), subject.technique is Technique.XML
    wire = Wire(client, subject.secret, XML_TYPES if xml else JSON_TYPES)
    if xml:
        return await play(asked.XML, AskedTrial(Xml(wire, url), subject.times), audience)
    return await play(asked.POLLED, AskedTrial(Polled(wire, url), subject.times), audience)
