"""One line per request: method, route, status, duration. No query values, no bodies, no personal data."""

import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("api.access")

_QUIET = frozenset({"/health/live", "/health/ready", "/metrics"})


class AccessLog:
    """Names the route's template, not the address: what somebody types into an address is theirs."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 0

        async def watching(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watching)
        finally:
            route = route_of(scope)
            level = logging.DEBUG if route in _QUIET else logging.INFO
            fields = {
                "method": scope["method"] if scope["method"].isalpha() else "?",
                "route": route,
                "status": status or 499,
                "milliseconds": round((time.perf_counter() - started) * 1000, 1),
                "case_id": _safe_case(scope),
                "actor": scope.get("state", {}).get("actor"),
            }
            log.log(level, "%(method)s %(route)s %(status)s %(milliseconds)sms", fields, extra=fields)


def route_of(scope: Scope) -> str:
    """The template of the address, never what somebody typed into it."""
    context = scope.get("fastapi", {}).get("effective_route_context")
    return getattr(context, "path_format", None) or getattr(scope.get("route"), "path_format", None) or "unmatched"


def _safe_case(scope: Scope) -> str | None:
    value = scope.get("state", {}).get("case_id")
    return value if isinstance(value, str) else None
