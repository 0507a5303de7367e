"""HTTP replies as broken systems give them."""

import asyncio
from collections.abc import AsyncIterator

from fastapi.responses import HTMLResponse, JSONResponse, Response, StreamingResponse

from simulators.script import Fault

_HANG_SECONDS = 120.0
_RECEIPT = b'{"receipt": "nobody-reads-this-to-its-end"}'


async def _broken_off() -> AsyncIterator[bytes]:
    yield _RECEIPT[:1]
    raise RuntimeError("the connection breaks, as scripted")


async def _byte_by_byte() -> AsyncIterator[bytes]:
    for byte in _RECEIPT:
        yield bytes([byte])
        await asyncio.sleep(1.0)


async def broken(fault: Fault) -> Response:
    """The reply that this fault gives; HANG takes two minutes before it gives up."""
    match fault:
        case Fault.DROP:
            return StreamingResponse(_broken_off(), media_type="application/json")
        case Fault.SLOW:
            return StreamingResponse(_byte_by_byte(), media_type="application/json")
        case Fault.EMPTY:
            return Response(media_type="application/json")
        case Fault.TRUNCATED:
            return Response('{"receipt": "cut', media_type="application/json")
        case Fault.OVERSIZED:
            return JSONResponse({"receipt": "x" * 1_000_000})
        case Fault.HTML:
            return HTMLResponse("<html><body>Please log in</body></html>")
        case Fault.REFUSE:
            return JSONResponse({"error": "this request is not acceptable"}, status_code=422)
        case Fault.HANG:
            await asyncio.sleep(_HANG_SECONDS)
            return Response(status_code=504)
