"""The HTTP API over a wired office."""

from typing import cast

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig

from api.app import create_app
from bootstrap.container import Container


def build_app(container: Container) -> FastAPI:
    telemetry = container.telemetry
    return create_app(
        container.office,
        container,
        metrics=telemetry.registry if container.settings.telemetry.prometheus else None,
        telemetry=cast(TelemetryConfig, telemetry.fastapi_config()),
    )
