"""The one way in which values become Temporal payloads: pydantic JSON, encrypted, failure texts included."""

from functools import cache
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    DefaultPayloadConverter,
    EncodingPayloadConverter,
    JSONPlainPayloadConverter,
)

from bootstrap.codec import IN_CLEAR, CaseBoundCodec
from bootstrap.keyring import KeyRing


class _PublicTextConverter(PydanticJSONPlainPayloadConverter):
    """Marks a `domain.public_text.PublicText`, which the codec then leaves readable."""

    def to_payload(self, value: Any) -> Payload | None:
        payload = super().to_payload(value)
        # By attribute, not by class: inside the workflow sandbox the class may be another object
        if payload is not None and isinstance(value, str) and getattr(value, "in_clear", False) is True:
            payload.metadata[IN_CLEAR] = b"true"
        return payload


class CasePayloadConverter(CompositePayloadConverter):
    """Temporal's own pydantic converter with the mark for public texts."""

    def __init__(self) -> None:
        super().__init__(*_encodings())


@cache
def _encodings() -> tuple[EncodingPayloadConverter, ...]:
    """Made once: the client makes a converter for every case and every command, and each would learn all types anew."""
    json = _PublicTextConverter()
    return tuple(
        json if isinstance(converter, JSONPlainPayloadConverter) else converter
        for converter in DefaultPayloadConverter.default_encoding_payload_converters
    )


def build_data_converter(keys: KeyRing) -> DataConverter:
    """Messages and stack traces of failures are encoded too: an exception's text may quote a case."""
    return DataConverter(
        payload_converter_class=CasePayloadConverter,
        payload_codec=CaseBoundCodec(keys),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )
