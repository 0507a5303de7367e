"""Loops go through many: one that nobody foresaw must not keep the others waiting."""

import logging
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from domain.errors import ErrorCategory, LiandongError

_log = logging.getLogger(__name__)


@contextmanager
def by_itself(name: str, *expected: type[Exception]) -> Iterator[None]:
    """What fails inside stays for the next time. UNAVAILABLE goes on, since without the store or the engine all must
    wait, and so does what is `expected`.
    """
    try:
        yield
    except expected:
        raise
    except Exception as error:
        if isinstance(error, LiandongError) and error.category is ErrorCategory.UNAVAILABLE:
            raise
        _log.exception("%s stays for the next time", name)


async def one_by_itself(name: str, step: Coroutine[Any, Any, object]) -> bool:
    """False when it failed."""
    done = False
    with by_itself(name):
        await step
        done = True
    return done
