"""Connects to Temporal: address, certificates, encryption, tracing."""

from temporalio.client import Client
from temporalio.converter import DataConverter
from temporalio.service import TLSConfig

from bootstrap.effective_policy import Whereabouts
from bootstrap.settings import TemporalSettings
from bootstrap.telemetry import Telemetry


async def connect(
    settings: TemporalSettings, where: Whereabouts, telemetry: Telemetry, converter: DataConverter
) -> Client:
    tls = settings.tls
    certificates = TLSConfig(
        server_root_ca_cert=tls.ca_file.read_bytes() if tls.ca_file else None,
        client_cert=tls.cert_file.read_bytes() if tls.cert_file else None,
        client_private_key=tls.key_file.read_bytes() if tls.key_file else None,
        domain=tls.server_name,
    )
    return await Client.connect(
        where.temporal_address,
        namespace=settings.namespace,
        api_key=settings.api_key.get_secret_value() if settings.api_key else None,
        tls=certificates if tls.wanted else False,
        data_converter=converter,
        interceptors=[telemetry.temporal_interceptor()],
        lazy=where.lazy_engine,
    )
