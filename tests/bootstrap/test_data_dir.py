"""The data directory is its owner's alone, and a person is told why one cannot be used."""

import stat
from pathlib import Path

import pytest

from bootstrap.data_dir import DataDirError, open_data_dir
from bootstrap.open_store import open_store
from bootstrap.settings import Settings


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_one_is_private(tmp_path: Path) -> None:
    open_data_dir(tmp_path / "far" / "data")
    assert _mode(tmp_path / "far" / "data") == 0o700


def test_one_that_was_open_to_others_is_shut_and_keeps_what_it_holds(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "notices.jsonl").write_text("{}\n")
    data.chmod(0o755)
    open_data_dir(data)
    assert _mode(data) == 0o700
    assert (data / "notices.jsonl").read_text() == "{}\n"


async def test_every_way_to_the_store_shuts_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    async with open_store(Settings(data_dir=data)):
        assert _mode(data) == 0o700


@pytest.mark.parametrize("name", ["file", "file/below"])
def test_what_is_no_directory_is_named_with_the_reason_and_the_setting(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataDirError, match=rf"(?s){tmp_path / name} cannot be used: .*LIANDONG_DATA_DIR"):
        open_data_dir(tmp_path / name)
