"""The order of the suite, and where the drawn examples come from."""

import os

import pytest
from hypothesis import settings

# The same examples in every run, so that a red suite is somebody's change; HYPOTHESIS_PROFILE=explore looks for more
settings.register_profile("steady", derandomize=True, database=None, deadline=None)
settings.register_profile("explore", max_examples=2_000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits for real processes begins first; what shares a server stays in one process (`--dist loadgroup`)."""
    for item in items:
        if (group := _shares(item)) is not None:
            item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=_begins)


def _shares(item: pytest.Item) -> str | None:
    loop = item.get_closest_marker("asyncio")
    scope = loop.kwargs.get("loop_scope") if loop else None
    if scope == "session":
        return "world"
    if scope == "module":
        return item.path.stem
    called = getattr(item, "callspec", None)
    return "postgresql" if called is not None and "postgresql" in called.params.values() else None


def _begins(item: pytest.Item) -> float:
    """Those that may take longest first; the order of the others stays."""
    limit = item.get_closest_marker("timeout")
    return -float(limit.args[0]) if limit else 0.0
