"""Officers of departments without a system, played while the demonstration runs."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from bootstrap.policies import load_policy
from bootstrap.private_file import read_entries
from bootstrap.running import api_url
from bootstrap.settings import Settings
from bootstrap.tokens import tokens_file
from cli.screen import CommandError
from domain.codes import Technique
from domain.person import officer_of
from simulators.officer import SimulatedOfficer


@asynccontextmanager
async def officers_at_work(settings: Settings) -> AsyncIterator[Mapping[str, SimulatedOfficer]]:
    """A simulated officer for each department of people, answering until the block ends."""
    tokens = read_entries(tokens_file(settings.data_dir))
    officers: dict[str, SimulatedOfficer] = {}
    for department in load_policy(settings.policies).departments:
        if department.technique is Technique.PEOPLE and department.enabled:
            token = tokens.get(officer_of(department.code))
            if token is None:
                raise CommandError(
                    f"没有令牌 · no token for {officer_of(department.code)!r}: nobody can play this officer."
                )
            officers[department.code] = SimulatedOfficer(department.code, api_url(settings), token)
    tasks = [asyncio.create_task(officer.run()) for officer in officers.values()]
    try:
        yield officers
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
