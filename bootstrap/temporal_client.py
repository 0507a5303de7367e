"""Connects to Temporal: address, certificates, encryption, tracing."""

from datetime import timedelta
from typing import Final

from temporalio.client import Client
from temporalio.converter import DataConverter
from temporalio.service import RPCError

from bootstrap.effective_policy import Whereabouts
from bootstrap.log import get_logger
from bootstrap.settings import TemporalSettings
from bootstrap.telemetry import Telemetry
from bootstrap.temporal_tls import TemporalTlsError, certificates, tls_problem

_log = get_logger(__name__)

_CONNECT_TIMEOUT: Final = timedelta(seconds=10)
"""For an address that swallows everything; who only keeps silent is bounded by each call itself."""


async def connect(
    settings: TemporalSettings, where: Whereabouts, telemetry: Telemetry, converter: DataConverter
) -> Client:
    """Where TLS is wished there is never a connection without it. Raises TemporalTlsError, or what the client says."""
    secured = certificates(settings.tls) if settings.tls.wanted else False
    try:
        client = await Client.connect(
            where.temporal_address,
            namespace=settings.namespace,
            api_key=settings.api_key.get_secret_value() if settings.api_key else None,
            tls=secured,
            data_converter=converter,
            interceptors=[telemetry.temporal_interceptor()],
            lazy=where.lazy_engine,
            connect_timeout=_CONNECT_TIMEOUT,
        )
    except (RPCError, RuntimeError) as error:
        if (problem := await tls_problem(where.temporal_address, settings.tls)) is not None:
            raise TemporalTlsError(problem) from error
        raise
    if where.lazy_engine and (problem := await tls_problem(where.temporal_address, settings.tls)) is not None:
        # Launches and answers are kept meanwhile, and the server may be the one that is mended
        _log.error("Temporal cannot be reached", problem=problem)
    return client
