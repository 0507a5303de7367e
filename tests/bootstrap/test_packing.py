"""What is packed comes back; what is not ours is refused."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootstrap.packing import MAX_UNPACKED_BYTES, PackingError, pack, unpack


@given(st.binary(max_size=5_000))
def test_whatever_is_packed_comes_back(clear: bytes) -> None:
    assert unpack(pack(clear)) == clear


def test_repetition_becomes_small_and_short_content_is_left_alone() -> None:
    assert len(pack(b'{"state": "OPEN"}' * 500)) < 500
    assert pack(b"short") == b"\x00short"


@pytest.mark.parametrize(
    "packed",
    [b"", b"\x07x", b"\x01not zlib", b"\x01" + zlib.compress(b"x" * 900)[:-3], b"\x01" + zlib.compress(b"x") + b"y"],
    ids=["empty", "unknown form", "damaged", "cut off", "trailing"],
)
def test_what_we_did_not_pack_is_refused(packed: bytes) -> None:
    with pytest.raises(PackingError):
        unpack(packed)


def test_a_bomb_is_not_inflated() -> None:
    with pytest.raises(PackingError):
        unpack(b"\x01" + zlib.compress(bytes(MAX_UNPACKED_BYTES + 1)))
