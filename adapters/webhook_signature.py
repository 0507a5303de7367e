"""Signatures of webhooks (Standard Webhooks): HMAC (`v1`) and ed25519 (`v1a`), made and checked with any of several."""

import base64
import re
import secrets as randomness
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from standardwebhooks import Webhook, WebhookVerificationError

from domain.errors import ErrorCategory, LiandongError

MAX_SIGNATURES = 5
"""A sender that rotates secrets needs two; a long list is an attempt to make us compute."""

PUBLIC_KEY = "whpk_"
PRIVATE_KEY = "whsk_"
"""Prefixes of Standard Webhooks' asymmetric keys: base64 of 32 bytes follows. HMAC secrets start with `whsec_`."""
CLOCKS_DIFFER = timedelta(minutes=5)

_SIGNED_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
_MESSAGE_ID = re.compile(r"[\x21-\x7e]{1,200}", re.ASCII)
_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)
_SIGNATURE = re.compile(r"v[0-9]{1,2}[a-z]?,[A-Za-z0-9+/]{1,128}={0,2}", re.ASCII)


def new_secret() -> str:
    """192 random bits in the notation of Standard Webhooks."""
    return f"whsec_{base64.b64encode(randomness.token_bytes(24)).decode()}"


def new_private_key() -> str:
    """An ed25519 key of our own, for departments that want to prove to others what we sent."""
    return PRIVATE_KEY + base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()).decode()


def public_key_of(private_key: str) -> str:
    """What the other side needs to check our signatures. Raises ValueError."""
    return PUBLIC_KEY + base64.b64encode(_private(private_key).public_key().public_bytes_raw()).decode()


def check_public_key(text: str) -> str:
    """The same text. Raises ValueError when it is no `whpk_` key."""
    _public(text)
    return text


def sign(secrets: str | Sequence[str], message_id: str, at: datetime, body: str) -> dict[str, str]:
    """The three headers, with one signature for each secret or private key, the first one first."""
    # The library reads the clock face without its zone, so it gets UTC
    instant = at.astimezone(UTC)
    using = (secrets,) if isinstance(secrets, str) else secrets
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(instant.timestamp())),
        "webhook-signature": " ".join(_signature(secret, message_id, instant, body) for secret in using),
    }


def verify(secrets: Sequence[str], headers: Mapping[str, str], body: bytes) -> str:
    """Return the message id. Raises UNAUTHENTICATED, the same for every reason: a prober learns nothing.

    `secrets` are HMAC secrets (`whsec_`) and public keys (`whpk_`). The timestamp may differ from the computer's clock
    by five minutes at most.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    signed = {name: lowered.get(name, "") for name in _SIGNED_HEADERS}
    if not _well_formed(signed) or not any(_matches(secret, signed, body) for secret in secrets):
        raise LiandongError(
            ErrorCategory.UNAUTHENTICATED, "signature-not-valid", "the message carries no valid signature"
        )
    return signed["webhook-id"]


def _well_formed(signed: Mapping[str, str]) -> bool:
    signatures = signed["webhook-signature"].split(" ")
    return (
        _MESSAGE_ID.fullmatch(signed["webhook-id"]) is not None
        and _TIMESTAMP.fullmatch(signed["webhook-timestamp"]) is not None
        and len(signatures) <= MAX_SIGNATURES
        and all(_SIGNATURE.fullmatch(signature) for signature in signatures)
    )


def _signature(secret: str, message_id: str, instant: datetime, body: str) -> str:
    if not secret.startswith(PRIVATE_KEY):
        return Webhook(secret).sign(message_id, instant, body)
    content = _signed_content(message_id, str(int(instant.timestamp())), body.encode())
    return f"v1a,{base64.b64encode(_private(secret).sign(content)).decode()}"


def _matches(secret: str, signed: Mapping[str, str], body: bytes) -> bool:
    if secret.startswith(PUBLIC_KEY):
        return _matches_key(secret, signed, body)
    try:
        Webhook(secret).verify(body, dict(signed), json_parse=False)
    except (WebhookVerificationError, ValueError):
        # ValueError: base64 or UTF-8 that is none
        return False
    return True


def _matches_key(key: str, signed: Mapping[str, str], body: bytes) -> bool:
    age = datetime.now(UTC).timestamp() - int(signed["webhook-timestamp"])
    if abs(age) > CLOCKS_DIFFER.total_seconds():
        return False
    content = _signed_content(signed["webhook-id"], signed["webhook-timestamp"], body)
    for one in signed["webhook-signature"].split(" "):
        version, _, encoded = one.partition(",")
        if version != "v1a":
            continue
        try:
            _public(key).verify(base64.b64decode(encoded, validate=True), content)
        except (InvalidSignature, ValueError):
            continue
        return True
    return False


def _signed_content(message_id: str, timestamp: str, body: bytes) -> bytes:
    return f"{message_id}.{timestamp}.".encode() + body


def _private(text: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(_key_bytes(text, PRIVATE_KEY))


def _public(text: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(_key_bytes(text, PUBLIC_KEY))


def _key_bytes(text: str, prefix: str) -> bytes:
    try:
        found = base64.b64decode(text.removeprefix(prefix), validate=True) if text.startswith(prefix) else b""
    except ValueError:
        found = b""
    if len(found) != 32:
        raise ValueError(f"a key is {prefix} and the base64 of 32 bytes")
    return found
