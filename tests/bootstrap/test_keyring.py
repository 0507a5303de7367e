"""Key ring: made once, never silently again, rotated by adding a line."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from bootstrap.keyring import KeyRing, KeyRingError, new_key_line, open_key_ring
from bootstrap.settings import CodecSettings, Settings, TemporalMode, TemporalSettings


def embedded(data_dir: Path) -> Settings:
    return Settings(data_dir=data_dir)


def test_first_start_makes_a_private_key_file_and_later_starts_read_it(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"

    first = open_key_ring(embedded(data_dir))
    written = (data_dir / "codec.keys").read_text()
    second = open_key_ring(embedded(data_dir))

    assert (data_dir / "codec.keys").stat().st_mode & 0o777 == 0o600
    assert (data_dir / "codec.keys").read_text() == written
    assert first.current == second.current == "k1"
    assert [path.name for path in data_dir.iterdir()] == ["codec.keys"]


@pytest.mark.parametrize("leftover", ["temporal.db", "liandong.db"])
def test_a_missing_key_beside_existing_cases_is_refused(tmp_path: Path, leftover: str) -> None:
    (tmp_path / leftover).touch()

    with pytest.raises(KeyRingError, match="restore the key file"):
        open_key_ring(embedded(tmp_path))

    assert not (tmp_path / "codec.keys").exists()


def test_an_outside_temporal_never_gets_a_new_key(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, temporal=TemporalSettings(mode=TemporalMode.OUTSIDE))

    with pytest.raises(KeyRingError, match="LIANDONG_CODEC__KEYS"):
        open_key_ring(settings)

    assert not (tmp_path / "codec.keys").exists()


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    open_key_ring(embedded(tmp_path))
    (tmp_path / "codec.keys").chmod(0o644)

    with pytest.raises(KeyRingError, match="chmod 600"):
        open_key_ring(embedded(tmp_path))


def test_keys_from_the_environment_need_no_file(tmp_path: Path) -> None:
    keys = (new_key_line("2027").strip() + "," + new_key_line("2026").strip()).replace("\n", "")

    ring = open_key_ring(Settings(data_dir=tmp_path, codec=CodecSettings(keys=SecretStr(keys))))

    assert ring.current == "2027"
    assert set(ring.ciphers) == {"2026", "2027"}


@pytest.mark.parametrize(
    "text", ["", "# only a comment", "k1", "k1:c2hvcnQ=", "k1:not base64!", "k 1:" + "A" * 44, ":" + "A" * 44]
)
def test_damaged_keys_are_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(KeyRingError) as refused:
        KeyRing.parse(text)

    assert "A" * 10 not in str(refused.value)


def test_an_id_given_twice_is_refused() -> None:
    with pytest.raises(KeyRingError, match="twice"):
        KeyRing.parse(new_key_line("k1") + new_key_line("k1"))


def test_a_representation_shows_no_key() -> None:
    line = new_key_line("k1")

    assert line.strip().partition(":")[2] not in repr(KeyRing.parse(line))
