"""Builds the HTTP application from what it is handed; nothing real is wired here."""

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from fastapi.telemetry import TelemetryConfig
from prometheus_client import CollectorRegistry
from starlette.requests import ClientDisconnect
from starlette.types import Lifespan

from api import problem
from api.access_log import AccessLog
from api.body_limit import BodyLimit, BodyRefused, nobody_listens, refused_body
from api.health import HealthProbe
from api.openapi import describe
from api.problem import UnexpectedErrors
from api.response_headers import ResponseHeaders
from api.routers import (
    callbacks,
    cases,
    conferences,
    decisions,
    deferrals,
    departments,
    directory,
    documentation,
    follow_ups,
    inbox,
    materials,
    operations,
    progress,
)
from api.throttle import Throttle
from services.office import Office

ROUTERS: tuple[APIRouter, ...] = (
    cases.router,
    decisions.router,
    conferences.router,
    deferrals.router,
    materials.router,
    follow_ups.router,
    progress.router,
    callbacks.router,
    inbox.router,
    inbox.links,
    directory.router,
    departments.router,
    operations.router,
    documentation.router,
)


def create_app(
    office: Office,
    health: HealthProbe,
    *,
    metrics: CollectorRegistry | None = None,
    telemetry: TelemetryConfig | None = None,
    lifespan: Lifespan[FastAPI] | None = None,
) -> FastAPI:
    """The application of one process. `metrics` None: /metrics is off. `telemetry`: OpenTelemetry providers."""
    app = FastAPI(
        title="联动 Liandong",
        version=version("liandong"),
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        generate_unique_id_function=_operation_id,
        # Its log records quote exceptions and refused input
        telemetry={"auto_configure": False, **(telemetry or {}), "logs": False},
    )
    app.state.office = office
    app.state.health = health
    app.state.metrics = metrics
    app.state.throttle = Throttle()
    for router in ROUTERS:
        app.include_router(router)
    problem.install(app)
    app.add_exception_handler(BodyRefused, refused_body)
    app.add_exception_handler(ClientDisconnect, nobody_listens)
    # The last one added is the outermost
    app.add_middleware(BodyLimit)
    app.add_middleware(UnexpectedErrors)
    app.add_middleware(ResponseHeaders)
    app.add_middleware(AccessLog)
    app.openapi = _once(app)  # type: ignore[method-assign]
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name


def _once(app: FastAPI) -> Callable[[], dict[str, Any]]:
    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = describe(app)
        return app.openapi_schema

    return openapi
