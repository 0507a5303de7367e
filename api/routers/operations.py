"""For those who run the product: health and metrics."""

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from api.auth import MetricsReader
from api.figures import FigureCollector
from api.health import Alive, HealthProbe, Readiness, readiness
from api.openapi import errors
from domain.errors import not_found
from services.office import Office
from services.read_figures import read_figures

router = APIRouter(tags=["operations"])


@router.get("/health/live", summary="存活 · Is the process alive")
async def health_live() -> Alive:
    """Answers without asking anybody: restart the process when this fails."""
    return Alive(status="alive")


@router.get(
    "/health/ready",
    summary="就绪 · Can the process work",
    responses={503: {"model": Readiness, "description": "At least one part does not answer; the reasons say which."}},
)
async def health_ready(request: Request, response: Response) -> Readiness:
    """Every part with the reason when it is not ready: send no traffic while this is 503."""
    probe: HealthProbe = request.app.state.health
    found = await readiness(probe)
    if not found.ready:
        response.status_code = 503
        response.headers["Retry-After"] = "5"
    return found


@router.get(
    "/metrics",
    summary="指标 · Prometheus metrics",
    response_class=Response,
    responses={
        200: {"description": "Prometheus text format.", "content": {"text/plain": {"example": "# HELP …\n"}}},
        **errors(401, 403, 404, 503),
    },
)
async def metrics(request: Request, _: MetricsReader) -> Response:
    """What is under way and owed, departments' lines, and the process itself.

    For admin, supervisor and auditor tokens: behind a proxy every caller comes from the loopback address.
    """
    registry: CollectorRegistry | None = request.app.state.metrics
    if registry is None:
        raise not_found("metrics-off", "metrics are switched off in this process")
    office: Office = request.app.state.office
    counted = CollectorRegistry()
    counted.register(FigureCollector(await read_figures(office), office.time.now()))
    page = generate_latest(registry) + generate_latest(counted)
    return Response(page, headers={"Content-Type": CONTENT_TYPE_LATEST})
