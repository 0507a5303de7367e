"""What earlier runs of the demonstration have left."""

from collections.abc import Sequence
from math import ceil

from bootstrap.api_client import ApiClient, Json
from cli.demonstration.script import DemonstrationCase


async def next_run(leader: ApiClient, scripts: Sequence[DemonstrationCase]) -> tuple[int, list[Json]]:
    """The number of this run, and the cases that are already there, newest first."""
    earlier: list[Json] = []
    cursor: str | None = None
    while True:
        page = await leader.get("/v1/cases", limit=200, cursor=cursor)
        earlier += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    counts = [
        # A story of several cases counts once, also when it was left in the middle
        ceil(sum(case["title"] == script.registration.title for case in earlier) / (1 + len(script.sequels)))
        for script in scripts
    ]
    return max(counts, default=0) + 1, earlier
