"""The order of the suite, which tests stay together, where the drawn examples come from, and a PostgreSQL."""

import gc
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

from tests.postgres import Postgres, running_postgres

# The same examples in every run, so that a red suite is somebody's change; HYPOTHESIS_PROFILE=explore looks for more
settings.register_profile("steady", derandomize=True, database=None, deadline=None)
settings.register_profile("explore", max_examples=2_000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


class OneByOne(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out single tests in the order of the collection; those that share a dear server as one piece."""

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        if module.startswith("tests/server/"):
            return module
        return "postgresql" if "postgresql" in nodeid.partition("[")[2] else nodeid


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> OneByOne:
    config.option.loadscopereorder = False
    return OneByOne(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that may take longest go first, lest one of them is left when all others are done."""
    items.sort(key=_patience, reverse=True)


def pytest_collection_finish() -> None:
    """Three thousand tests stay to the end: looking through them for garbage takes seconds on a busy machine."""
    gc.collect()
    gc.freeze()


def _patience(item: pytest.Item) -> float:
    limit = item.get_closest_marker("timeout")
    return float(limit.args[0]) if limit else 0.0
