"""The key of fingerprints and codes: made once, the owner's alone, the same in every process."""

import base64
import stat
from pathlib import Path

import pytest

from bootstrap.matching_key import MatchingKeyError, matching_key_file, open_seals
from bootstrap.settings import load_settings


def test_the_key_is_made_once_and_is_the_owners_alone(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path)
    first, again = open_seals(settings), open_seals(settings)
    assert first.seal("a", "b") == again.seal("a", "b")
    assert stat.S_IMODE(matching_key_file(tmp_path).stat().st_mode) == 0o600


def test_two_installations_do_not_match(tmp_path: Path) -> None:
    one, other = (open_seals(load_settings(data_dir=tmp_path / name)) for name in ("one", "other"))
    assert one.seal("a", "b") != other.seal("a", "b")


def test_the_setting_wins_and_writes_no_file(tmp_path: Path) -> None:
    key = base64.b64encode(b"k" * 32).decode()
    open_seals(load_settings(data_dir=tmp_path, matching_key=key))
    assert not matching_key_file(tmp_path).exists()


@pytest.mark.parametrize("damaged", ["", "not base64!", base64.b64encode(b"short").decode()])
def test_a_damaged_key_is_refused_and_not_replaced(tmp_path: Path, damaged: str) -> None:
    matching_key_file(tmp_path).write_text(damaged)
    with pytest.raises(MatchingKeyError, match="32 bytes"):
        open_seals(load_settings(data_dir=tmp_path))
    assert matching_key_file(tmp_path).read_text() == damaged
