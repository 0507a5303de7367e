"""The real development server for tests of this room."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from bootstrap.embedded_temporal import EmbeddedTemporal, EmbeddedTemporalConfig

SEARCH_ATTRIBUTES = {"TestState": "Keyword"}


@pytest_asyncio.fixture
async def embedded(tmp_path: Path) -> AsyncIterator[EmbeddedTemporal]:
    config = EmbeddedTemporalConfig(data_dir=tmp_path / "data", search_attributes=SEARCH_ATTRIBUTES)
    async with EmbeddedTemporal(config) as server:
        yield server
