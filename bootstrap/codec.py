"""Encryption of every payload that travels through or rests in Temporal."""

import secrets
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    ActivitySerializationContext,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)

from bootstrap.keyring import KeyRing
from bootstrap.packing import PackingError, pack, unpack

ENCODING: Final = b"binary/encrypted"
KEY_ID: Final = "encryption-key-id"
CASE: Final = "encryption-case"
IN_CLEAR: Final = "in-clear"
_NONCE_BYTES = 12
# Temporal's UI asks a workflow for its current details, which are public texts by the same rule as summaries
_METADATA_MESSAGE = b"temporal.api.sdk.v1.WorkflowMetadata"
_DOMAIN = b"liandong.payload.v1"


class PayloadRefusedError(RuntimeError):
    """A payload cannot be trusted or read: unknown key, changed bytes, or made for another case."""


class CaseBoundCodec(PayloadCodec, WithSerializationContext):
    """AES-256-GCM; the case number is associated data, so a payload moved to another case does not open.

    The case number stands in clear in the payload's metadata (ids hold no personal data). Where Temporal gives no
    context while encoding (completing an activity by id without `with_context`, headers), the payload is bound to no
    case; where it gives none while decoding, the number in the metadata is what is authenticated. So every path
    round-trips, and a number that contradicts the context is refused. Payloads without our encoding pass unchanged:
    one unreadable signal must not freeze a case. Public texts and a workflow's metadata stay readable.
    """

    def __init__(self, keys: KeyRing, case: str | None = None) -> None:
        self._keys = keys
        self._case = case

    def with_context(self, context: SerializationContext) -> "CaseBoundCodec":
        case: str | None = None
        if isinstance(context, WorkflowSerializationContext | ActivitySerializationContext):
            case = context.workflow_id
        return self if case == self._case else CaseBoundCodec(self._keys, case)

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [payload if _is_public(payload) else self._seal(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._open(payload) for payload in payloads]

    def _seal(self, payload: Payload) -> Payload:
        key_id = self._keys.current
        metadata = {"encoding": ENCODING, KEY_ID: key_id.encode()}
        if self._case:
            metadata[CASE] = self._case.encode()
        nonce = secrets.token_bytes(_NONCE_BYTES)
        cipher = self._keys.ciphers[key_id]
        sealed = cipher.encrypt(nonce, pack(payload.SerializeToString()), _associated(key_id, metadata.get(CASE)))
        return Payload(metadata=metadata, data=nonce + sealed)

    def _open(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        key_id = payload.metadata.get(KEY_ID, b"").decode(errors="replace")
        cipher = self._keys.ciphers.get(key_id)
        if cipher is None:
            raise PayloadRefusedError(f"no key {key_id!r} in the key ring: restore it below the current key")
        case = payload.metadata.get(CASE)
        if case is not None and self._case and case != self._case.encode():
            raise PayloadRefusedError(f"a payload of case {case.decode(errors='replace')} was found in {self._case}")
        try:
            clear = cipher.decrypt(payload.data[:_NONCE_BYTES], payload.data[_NONCE_BYTES:], _associated(key_id, case))
        except (InvalidTag, ValueError) as error:
            raise PayloadRefusedError(f"a payload sealed with key {key_id!r} was changed or damaged") from error
        try:
            return Payload.FromString(unpack(clear))
        except PackingError as error:
            raise PayloadRefusedError(f"a payload sealed with key {key_id!r} was not packed by us: {error}") from error


def _is_public(payload: Payload) -> bool:
    return payload.metadata.get(IN_CLEAR) == b"true" or payload.metadata.get("messageType") == _METADATA_MESSAGE


def _associated(key_id: str, case: bytes | None) -> bytes:
    # Lengths keep the parts apart; "no case" differs from a case with an empty number
    parts = [_DOMAIN, key_id.encode()] if case is None else [_DOMAIN, key_id.encode(), case]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
