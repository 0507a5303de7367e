"""What a department's HTTP reply means: taken in, refused for good, or try again later."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NoReturn

from pydantic import JsonValue

from adapters.http_client import HttpReply
from adapters.strict_json import MalformedJson, parse_json
from domain.department_failure import DepartmentRefusal, DepartmentUnavailable
from domain.proof import Proof

Stated = JsonValue | DepartmentUnavailable | None
"""What a system says about one round: its reply as stated, what is wrong with it, or that there is none yet."""
MAX_RETRY_AFTER_SECONDS = 3600.0
"""A department may slow us down, not put us off beyond the next look."""
_TRY_AGAIN = frozenset({408, 409, 425, 429})


def succeeded(reply: HttpReply, *, also: Collection[int] = ()) -> bool:
    return 200 <= reply.status < 300 or reply.status in also


def fail(
    reply: HttpReply, now: datetime, *, try_again: Collection[int] = _TRY_AGAIN, proof: Proof | None = None
) -> NoReturn:
    """Raise what an unsuccessful status stands for; the body is never quoted. `proof`: that it was said."""
    if 400 <= reply.status < 500 and reply.status not in try_again:
        raise DepartmentRefusal(f"http-{reply.status}: the system will not take this request", proof=proof)
    kind = "redirect" if 300 <= reply.status < 400 else f"http-{reply.status}"
    wait = retry_after_seconds(reply.headers.get("retry-after"), now)
    raise DepartmentUnavailable(f"{kind}: the system cannot do this now", retry_after_seconds=wait)


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """From seconds or an HTTP date, at least 0, at most an hour; None when absent or unreadable."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:12]), MAX_RETRY_AFTER_SECONDS)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    # "-0000" is how RFC 5322 spells UTC without a place
    wait = (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds()
    return min(max(wait, 0.0), MAX_RETRY_AFTER_SECONDS)


def read_object(reply: HttpReply) -> dict[str, JsonValue]:
    """The JSON object in a successful reply. Anything else is a system in trouble, not an answer."""
    kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not reply.body:
        raise DepartmentUnavailable("empty: success without a body")
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise DepartmentUnavailable("content-type: success, but no JSON")
    try:
        value = parse_json(reply.body)
    except MalformedJson as error:
        raise DepartmentUnavailable(f"malformed-json: {error}") from None
    if not isinstance(value, dict):
        raise DepartmentUnavailable("not-understood: the reply is no JSON object")
    return value


def read_receipt(reply: HttpReply) -> str:
    return check_receipt(read_object(reply).get("receipt"))


def check_receipt(receipt: JsonValue) -> str:
    if not isinstance(receipt, str) or not 1 <= len(receipt) <= 200 or not receipt.isprintable():
        raise DepartmentUnavailable("not-understood: no receipt of 1 to 200 printable characters")
    return receipt


def read_poll(reply: HttpReply) -> JsonValue | None:
    """The reply as stated, None while there is none."""
    return _stated(read_object(reply))


def read_polls(reply: HttpReply, wanted: Collection[str]) -> dict[str, Stated]:
    """The same for many rounds at once; what is wrong with one of them is told of that one only."""
    rounds = read_object(reply).get("rounds")
    if not isinstance(rounds, list):
        raise DepartmentUnavailable("not-understood: no list of rounds")
    found: dict[str, Stated] = {}
    for one in rounds:
        if not isinstance(one, dict):
            raise DepartmentUnavailable("not-understood: a round that is no object")
        key = f"{one.get('request_id')}.r{one.get('round')}"
        try:
            found[key] = _stated(one)
        except DepartmentUnavailable as error:
            found[key] = error
    missing = DepartmentUnavailable("unknown-round: the system does not know a round that it took in")
    return {key: found.get(key, missing) for key in wanted}


def _stated(answer: Mapping[str, JsonValue]) -> JsonValue | None:
    match answer.get("status"):
        case "pending":
            return None
        case "answered" if answer.get("reply") is not None:
            return answer["reply"]
    raise DepartmentUnavailable("not-understood: neither pending nor answered with a reply")
