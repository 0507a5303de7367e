"""Waits for a condition, never longer than said."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE_SECONDS = 60.0
"""For what takes a second on a quiet machine."""
_LOOK_AGAIN_SECONDS = 0.05


async def until(look: Callable[[], Awaitable[T | None]], what: str, *, seconds: float = PATIENCE_SECONDS) -> T:
    """The first true thing that `look` returns. Fails with `what` was waited for."""
    seen: T | None = None
    try:
        async with asyncio.timeout(seconds):
            while not (seen := await look()):
                await asyncio.sleep(_LOOK_AGAIN_SECONDS)
            return seen
    except TimeoutError:
        raise AssertionError(f"waited {seconds:g} s in vain for: {what}") from None
