"""A command's connection to the running product, as one person."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bootstrap.api_client import ApiClient
from bootstrap.running import api_url, token_of
from bootstrap.settings import Settings, load_settings
from bootstrap.tokens import tokens_file
from cli.screen import CommandError

AS_HELP = "谁在操作 · Whose token from the data directory to use; LIANDONG_TOKEN goes before it."


@asynccontextmanager
async def speaking_as(person_id: str, settings: Settings | None = None) -> AsyncIterator[ApiClient]:
    """The public API with this person's token."""
    settings = settings or load_settings()
    token = token_of(settings, person_id)
    if token is None:
        raise CommandError(
            f"没有令牌 · no token for {person_id!r}: {tokens_file(settings.data_dir)} does not have it.\n"
            "请设置 LIANDONG_TOKEN，或在服务器上申请 · "
            f"Set LIANDONG_TOKEN, or make one on the server: liandong token new {person_id}"
        )
    client = ApiClient(api_url(settings), token)
    try:
        yield client
    finally:
        await client.close()
