"""A command's connection to the running product, as one person."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from bootstrap.api_client import ApiClient
from bootstrap.first_start import officer_of, tokens_file
from bootstrap.policies import load_policy
from bootstrap.private_file import read_entries
from bootstrap.running import api_url, token_of
from bootstrap.settings import Settings, load_settings
from cli.screen import CommandError
from domain.codes import Technique
from simulators.officer import SimulatedOfficer

AS_HELP = "谁在操作 · Whose token from the data directory to use; LIANDONG_TOKEN goes before it."


@asynccontextmanager
async def speaking_as(person_id: str, settings: Settings | None = None) -> AsyncIterator[ApiClient]:
    """The public API with this person's token."""
    settings = settings or load_settings()
    token = token_of(settings, person_id)
    if token is None:
        raise CommandError(
            f"没有令牌 · no token for {person_id!r}: {tokens_file(settings.data_dir)} does not have it.\n"
            f"Set LIANDONG_TOKEN, or make one on the server: liandong token new {person_id}"
        )
    client = ApiClient(api_url(settings), token)
    try:
        yield client
    finally:
        await client.close()


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
