"""Whether the process can do its work, part by part."""

import asyncio
from collections.abc import Mapping
from typing import Protocol

from api.schemas.values import Shown

PROBE_TIMEOUT_SECONDS = 5.0


class HealthProbe(Protocol):
    """Asks every part that the API cannot work without."""

    async def check(self) -> Mapping[str, str | None]:
        """Part (`store`, `engine`, …) to None when it answers, else the reason why not, free of secrets."""
        ...

    def departments(self) -> Mapping[str, str]:
        """Department to the state of its line (`closed` is good, `open` is an outage), as far as anybody asked."""
        ...


class Alive(Shown):
    status: str


class Readiness(Shown):
    """Each part, with the reason when it is not ready. A department's outage does not make us unready."""

    ready: bool
    parts: dict[str, str | None]
    departments: dict[str, str]


async def readiness(probe: HealthProbe, timeout_seconds: float = PROBE_TIMEOUT_SECONDS) -> Readiness:
    """Never raises and never hangs: a probe that fails is itself a reason."""
    try:
        async with asyncio.timeout(timeout_seconds):
            parts = dict(await probe.check())
    except TimeoutError:
        parts = {"probe": f"no answer within {timeout_seconds:g} seconds"}
    except Exception as error:
        parts = {"probe": f"the check itself failed ({type(error).__name__})"}
    return Readiness(ready=not any(parts.values()), parts=parts, departments=dict(probe.departments()))
