"""A department whose system takes a request in only when the test opens its gate."""

import asyncio

from fastapi import FastAPI, Request

CODE = "culture"


class Gate:
    """While closed, a delivery is in flight: sent, and neither taken in nor refused."""

    def __init__(self) -> None:
        self._opened = asyncio.Event()
        self._opened.set()
        self.arrived: list[str] = []
        """Idempotency keys of all sends, in order."""
        self.taken: set[str] = set()

    def close(self) -> None:
        self._opened.clear()

    def open(self) -> None:
        self._opened.set()

    def sends(self, key: str) -> int:
        return self.arrived.count(key)

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.post(f"/{CODE}/requests")
        async def dispatched(request: Request) -> dict[str, str]:
            key = request.headers["webhook-id"]
            self.arrived.append(key)
            await self._opened.wait()
            self.taken.add(key)
            return {"receipt": f"receipt of {key}"}

        @app.post(f"/{CODE}/requests/withdrawn")
        async def withdrawn() -> dict[str, str]:
            return {}

        return app
