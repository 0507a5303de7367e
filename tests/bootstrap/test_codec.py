"""Codec: what is sealed for one case opens for that case only, on every key of the ring."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    ActivitySerializationContext,
    NexusSerializationContext,
    SerializationContext,
    WorkflowSerializationContext,
)

from bootstrap.codec import CASE, ENCODING, CaseBoundCodec, PayloadRefusedError
from bootstrap.keyring import KeyRing, new_key_line

KEYS = KeyRing.parse(new_key_line("k1"))
CLEAR = Payload(metadata={"encoding": b"json/plain"}, data='"陈某 13800138000"'.encode())


def workflow(case: str) -> SerializationContext:
    return WorkflowSerializationContext(namespace="liandong", workflow_id=case)


def activity(case: str) -> SerializationContext:
    return ActivitySerializationContext(
        namespace="liandong",
        activity_id="a.r1",
        activity_type=None,
        activity_task_queue=None,
        workflow_id=case,
        workflow_type=None,
        is_local=False,
    )


async def seal(codec: CaseBoundCodec, payload: Payload = CLEAR) -> Payload:
    return (await codec.encode([payload]))[0]


async def unseal(codec: CaseBoundCodec, payload: Payload) -> Payload:
    return (await codec.decode([payload]))[0]


@given(data=st.binary(max_size=4096), case=st.text(min_size=1, max_size=40))
async def test_any_payload_round_trips_between_workflow_and_activity_of_one_case(data: bytes, case: str) -> None:
    codec = CaseBoundCodec(KEYS)
    clear = Payload(metadata={"encoding": b"binary/plain"}, data=data)

    sealed = await seal(codec.with_context(activity(case)), clear)

    assert await unseal(codec.with_context(workflow(case)), sealed) == clear


async def test_a_sealed_payload_shows_nothing_of_its_content_and_never_repeats() -> None:
    codec = CaseBoundCodec(KEYS).with_context(workflow("HK-1"))

    one, two = await seal(codec), await seal(codec)

    assert one.metadata["encoding"] == ENCODING
    assert one.data != two.data
    for sealed in (one, two):
        assert b"13800138000" not in sealed.SerializeToString()
        assert b"json/plain" not in sealed.SerializeToString()


async def test_a_payload_moved_to_another_case_is_refused() -> None:
    codec = CaseBoundCodec(KEYS)
    sealed = await seal(codec.with_context(workflow("HK-1")))

    with pytest.raises(PayloadRefusedError, match="HK-1 was found in QP-1"):
        await unseal(codec.with_context(workflow("QP-1")), sealed)


async def test_a_payload_relabelled_for_another_case_is_refused() -> None:
    codec = CaseBoundCodec(KEYS)
    sealed = await seal(codec.with_context(workflow("HK-1")))
    sealed.metadata[CASE] = b"QP-1"

    with pytest.raises(PayloadRefusedError, match="changed or damaged"):
        await unseal(codec.with_context(workflow("QP-1")), sealed)


async def test_a_payload_stripped_of_its_case_is_refused() -> None:
    codec = CaseBoundCodec(KEYS)
    sealed = await seal(codec.with_context(workflow("HK-1")))
    del sealed.metadata[CASE]

    with pytest.raises(PayloadRefusedError, match="changed or damaged"):
        await unseal(codec.with_context(workflow("QP-1")), sealed)


@pytest.mark.parametrize("position", [0, 12, -1])
async def test_one_changed_byte_is_refused(position: int) -> None:
    codec = CaseBoundCodec(KEYS)
    sealed = await seal(codec)
    changed = bytearray(sealed.data)
    changed[position] ^= 1
    sealed.data = bytes(changed)

    with pytest.raises(PayloadRefusedError):
        await unseal(codec, sealed)


@pytest.mark.parametrize("size", [0, 5, 12, 20])
async def test_a_truncated_payload_is_refused(size: int) -> None:
    codec = CaseBoundCodec(KEYS)
    sealed = await seal(codec)
    sealed.data = sealed.data[:size]

    with pytest.raises(PayloadRefusedError):
        await unseal(codec, sealed)


async def test_paths_without_a_context_still_round_trip() -> None:
    codec = CaseBoundCodec(KEYS)
    bound = codec.with_context(workflow("HK-1"))
    elsewhere = codec.with_context(NexusSerializationContext(endpoint="e", service="s", operation="o"))

    assert await unseal(bound, await seal(codec)) == CLEAR
    assert await unseal(codec, await seal(bound)) == CLEAR
    assert await unseal(elsewhere, await seal(bound)) == CLEAR


async def test_after_a_rotation_old_payloads_open_and_new_ones_use_the_new_key() -> None:
    old_line = new_key_line("2026")
    old = CaseBoundCodec(KeyRing.parse(old_line)).with_context(workflow("HK-1"))
    rotated = CaseBoundCodec(KeyRing.parse(new_key_line("2027") + old_line)).with_context(workflow("HK-1"))

    assert await unseal(rotated, await seal(old)) == CLEAR
    with pytest.raises(PayloadRefusedError, match="2027"):
        await unseal(old, await seal(rotated))


async def test_a_payload_of_somebody_else_passes_unchanged() -> None:
    assert await unseal(CaseBoundCodec(KEYS).with_context(workflow("HK-1")), CLEAR) == CLEAR
