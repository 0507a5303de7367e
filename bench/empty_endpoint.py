"""An empty FastAPI endpoint as one process: reads the body of a callback and does nothing with it."""

import asyncio

from fastapi import FastAPI, Request

from bench.children import say_ready, until_input_ends
from bootstrap import http_server
from bootstrap.settings import ApiSettings


def _app() -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.post("/v1/departments/{code}/callbacks")
    async def callback(request: Request) -> dict[str, str]:
        await request.body()
        return {"status": "applied"}

    return app


async def main() -> None:
    listening = http_server.listen(ApiSettings(port=0))
    async with http_server.serving(_app(), listening, 5):
        say_ready(api=http_server.address(listening))
        await until_input_ends()


if __name__ == "__main__":
    asyncio.run(main())
