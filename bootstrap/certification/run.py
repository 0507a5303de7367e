"""A conformance run against a department's endpoint, from the first request to the report."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from adapters.http_client import HttpClient, HttpLimits
from bootstrap import http_server
from bootstrap.certification import checks
from bootstrap.certification.checks import Broken, Trial
from bootstrap.certification.door import CODE, Door
from bootstrap.certification.finding import Finding, Report
from bootstrap.certification.sender import Sender
from bootstrap.settings import ApiSettings
from domain.ports import DepartmentUnavailable

Check = Callable[[Trial], Awaitable[None]]
Told = Callable[[Finding], None]

CHECKS: tuple[tuple[str, str, Check], ...] = (
    ("normal", "takes a signed request in and names its receipt", checks.takes_a_request),
    ("answer", "answers at reply_to, signed and in form", checks.answers_it),
    ("duplicate", "a repetition has one effect and the same receipt", checks.a_repetition_has_one_effect),
    (
        "changed",
        "other content under a known key changes nothing",
        checks.other_content_under_a_known_key_changes_nothing,
    ),
    ("reordered", "a later round may come first", checks.later_rounds_may_come_first),
    ("late", "a request past its due instant is taken in", checks.a_request_past_its_due_instant_is_taken),
    ("unknown-field", "fields of a later version are passed over", checks.unknown_fields_are_passed_over),
    ("rotation", "one right signature of two is enough", checks.one_right_signature_of_two_is_enough),
    ("oversized", "a request of 200 KB breaks nothing", checks.a_large_request_breaks_nothing),
    ("malformed", "what is no JSON is refused for good", checks.what_is_no_json_is_refused),
    ("wrong-secret", "a wrong signature is refused and leaves nothing behind", checks.WRONG_SECRET),
    ("unsigned", "no signature is refused", checks.NOT_SIGNED),
    ("tampered", "a changed body is refused", checks.TAMPERED),
    ("stale", "an old timestamp is refused", checks.STALE),
    ("future", "a timestamp from the future is refused", checks.FROM_THE_FUTURE),
    ("our-503", "a callback that got 503 comes again, unchanged", checks.a_busy_door_is_tried_again),
    ("our-409", "a callback that got 409 does not come again", checks.a_final_no_is_final),
    ("withdrawal", "a withdrawal is understood", checks.a_withdrawal_is_understood),
    ("callbacks", "every callback of the run was in order", checks.every_callback_was_in_order),
    ("contradiction", "no round got two different answers", checks.no_round_was_answered_twice_differently),
)
_NEEDS_ANSWERS = frozenset({"duplicate", "changed", "reordered", "late", "our-503", "our-409"})


@dataclass(frozen=True)
class Subject:
    """Whom to certify, and how to be reached by them."""

    url: str
    secret: str
    public_keys: Sequence[str] = ()
    """The department's own keys, when it signs with them."""
    callback_url: str | None = None
    """Where the department reaches this machine; None: the listening address itself."""
    listen: ApiSettings = field(default_factory=lambda: ApiSettings(port=0))
    patience_seconds: float = 30.0
    settle_seconds: float = 2.0


async def certify(subject: Subject, told: Told = lambda _: None) -> Report:
    """Play every situation of the contract, one after the other. Never raises for what the department does."""
    door = Door((subject.secret, *subject.public_keys))
    listening = http_server.listen(subject.listen)
    base = (subject.callback_url or http_server.address(listening)).rstrip("/")
    client = HttpClient(HttpLimits(connections=8, total_seconds=15))
    reply_to = f"{base}/v1/departments/{CODE}/callbacks"
    sender = Sender(client, subject.url.rstrip("/"), (subject.secret,), reply_to, door)
    trial = Trial(sender, door, subject.patience_seconds, subject.settle_seconds)
    findings: list[Finding] = []
    try:
        async with http_server.serving(door.app(), listening, 2):
            for name, rule, check in CHECKS:
                finding = await _tried(name, rule, check, trial) if _may_try(name, findings) else _not_tried(name, rule)
                findings.append(finding)
                told(finding)
    finally:
        await client.close()
    return Report(url=subject.url, findings=tuple(findings))


def _may_try(name: str, before: Sequence[Finding]) -> bool:
    failed = {finding.check for finding in before if not finding.passed}
    return "normal" not in failed and not ("answer" in failed and name in _NEEDS_ANSWERS)


async def _tried(name: str, rule: str, check: Check, trial: Trial) -> Finding:
    try:
        await check(trial)
    except Broken as broken:
        return Finding(check=name, rule=rule, passed=False, reason=broken.reason, change=broken.change)
    except DepartmentUnavailable as error:
        change = "answer every request within 15 seconds with a complete HTTP response"
        return Finding(check=name, rule=rule, passed=False, reason=str(error), change=change)
    return Finding(check=name, rule=rule, passed=True)


def _not_tried(name: str, rule: str) -> Finding:
    return Finding(check=name, rule=rule, passed=None, reason="needs what failed above")
