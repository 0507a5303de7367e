"""The shelf keeps what it was given, under nothing but its hash."""

import asyncio
import hashlib
from pathlib import Path

import pytest

from adapters.material_folder import MaterialFolder
from domain.errors import LiandongError
from domain.ports import MaterialShelf


@pytest.fixture
def shelf(tmp_path: Path) -> MaterialShelf:
    return MaterialFolder(tmp_path / "materials")


async def test_the_same_bytes_come_back_and_are_kept_once(shelf: MaterialShelf, tmp_path: Path) -> None:
    content = b"%PDF-" + b"x" * 100_000
    references = await asyncio.gather(*(shelf.put(content, ".pdf") for _ in range(8)))
    assert set(references) == {f"{hashlib.sha256(content).hexdigest()}.pdf"}
    assert await shelf.get(references[0]) == content
    (kept,) = [path for path in (tmp_path / "materials").rglob("*") if path.is_file()]
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.parent.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("reference", ["../../etc/passwd", "", "a.pdf", f"{'a' * 64}.pdf/../x", f"{'a' * 64}.pdf"])
async def test_no_reference_leads_outside(shelf: MaterialShelf, reference: str) -> None:
    with pytest.raises(LiandongError) as refused:
        await shelf.get(reference)
    assert refused.value.code == "no-such-file"


async def test_an_ending_cannot_be_a_path(shelf: MaterialShelf) -> None:
    with pytest.raises(LiandongError):
        await shelf.put(b"x", "/../../x")


async def test_damage_is_found(shelf: MaterialShelf, tmp_path: Path) -> None:
    reference = await shelf.put(b"first", ".pdf")
    (tmp_path / "materials" / reference[:2] / reference).write_bytes(b"other")
    with pytest.raises(LiandongError) as refused:
        await shelf.get(reference)
    assert refused.value.code == "material-damaged"


async def test_a_shelf_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "materials").write_text("a file where the folder should be")
    with pytest.raises(LiandongError) as refused:
        await MaterialFolder(tmp_path / "materials").put(b"x", ".pdf")
    assert refused.value.code == "materials-unavailable"
