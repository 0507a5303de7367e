"""A simulated department of people: an officer who reads the inbox and answers as the script says.

python -m simulators.officer --url http://127.0.0.1:8000 --department culture --token-file FILE [--script FILE]
"""

import argparse
import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
from pydantic import JsonValue

from simulators.journal import Journal, Received
from simulators.script import Behaviour, Script

_PAUSE_SECONDS = 0.3


@dataclass
class _Work:
    """What was done about one request, so that nothing is done twice."""

    signed: bool = False
    notes: int = 0
    answered: bool = False


@dataclass
class SimulatedOfficer:
    """Seconds of the script count from the request's arrival on the desk."""

    department: str
    base_url: str
    token: str
    script: Script = field(default_factory=Script)
    _work: dict[str, _Work] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.journal = Journal(department=self.department)

    async def run(self) -> None:
        """Until it is cancelled. An API that is away is looked for again."""
        headers = {"authorization": f"Bearer {self.token}"}
        async with httpx.AsyncClient(
            base_url=self.base_url, headers=headers, trust_env=False, timeout=10.0, follow_redirects=False
        ) as client:
            while True:
                with suppress(httpx.HTTPError):
                    await self._look(client)
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _look(self, client: httpx.AsyncClient) -> None:
        response = await client.get("/v1/inbox")
        response.raise_for_status()
        for item in response.json()["items"]:
            await self._handle(client, item)

    async def _handle(self, client: httpx.AsyncClient, item: dict[str, JsonValue]) -> None:
        request_id, number = str(item["request_id"]), int(str(item["round"]))
        key = f"{request_id}.r{number}"
        if key not in self._work:
            self._work[key] = _Work()
            self._note(key, request_id, number, item)
        if item["state"] != "OPEN":
            return
        behaviour, work = self.script.behaviour(request_id, number), self._work[key]
        elapsed = (datetime.now(UTC) - datetime.fromisoformat(str(item["arrived_at"]))).total_seconds()
        path = f"/v1/inbox/{request_id}"
        if not work.signed and behaviour.acknowledge_after is not None and elapsed >= behaviour.acknowledge_after:
            work.signed = _taken(await client.post(f"{path}/acknowledge"))
        await self._report(client, path, (behaviour, elapsed), work)
        if not work.answered and behaviour.answer_after is not None and elapsed >= behaviour.answer_after:
            work.answered = _taken(await client.post(f"{path}/reply", json={"reply": behaviour.reply}))

    async def _report(self, client: httpx.AsyncClient, path: str, plan: tuple[Behaviour, float], work: _Work) -> None:
        behaviour, elapsed = plan
        for progress in behaviour.interim[work.notes :]:
            if elapsed < progress.after:
                return
            note = {"code": "INTERIM", "note": progress.note}
            if not _taken(await client.post(f"{path}/reply", json={"reply": note})):
                return
            work.notes += 1

    def _note(self, key: str, request_id: str, number: int, item: dict[str, JsonValue]) -> None:
        self.journal.received.append(
            Received(
                at=datetime.now(UTC),
                method="GET",
                path="/v1/inbox",
                authentic=True,
                type="request.dispatched",
                idempotency_key=key,
                request_id=request_id,
                round=number,
                committed=True,
                data=item,
            )
        )


def _taken(response: httpx.Response) -> bool:
    """Whether nothing is left to do: also a refusal for good is an end."""
    return response.status_code < 500 and response.status_code != 429


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m simulators.officer", description=__doc__)
    parser.add_argument("--url", required=True, help="the engine's API")
    parser.add_argument("--department", required=True)
    parser.add_argument("--token-file", type=Path, required=True, help="holds the officer's token and nothing else")
    parser.add_argument("--script", type=Path, help="JSON, as for the other simulated departments")
    chosen = parser.parse_args()
    script = Script.model_validate_json(chosen.script.read_bytes()) if chosen.script else Script()
    officer = SimulatedOfficer(chosen.department, chosen.url, chosen.token_file.read_text().strip(), script)
    with suppress(KeyboardInterrupt):
        asyncio.run(officer.run())


if __name__ == "__main__":
    main()
