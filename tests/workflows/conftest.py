"""The time-skipping server, and the search attributes that every server needs."""

import base64
import shutil
import sysconfig
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.testing import WorkflowEnvironment

from bootstrap.data_converter import build_data_converter
from bootstrap.keyring import KeyRing
from workflows.search_attributes import ALL_KEYS

CONVERTER = build_data_converter(KeyRing.parse(f"test:{base64.b64encode(bytes(32)).decode()}"))
"""Sealed as in production; the key is known, because saved histories must stay readable."""


@asynccontextmanager
async def started_environment() -> AsyncIterator[WorkflowEnvironment]:
    """One server a test: time only moves forward, so worlds cannot share one."""
    beside = Path(sysconfig.get_path("scripts")) / "temporal-test-server"
    binary = str(beside) if beside.exists() else shutil.which("temporal-test-server")
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=binary, data_converter=CONVERTER
    ) as started:
        await _register(started)
        yield started


@pytest.fixture
async def env() -> AsyncIterator[WorkflowEnvironment]:
    async with started_environment() as started:
        yield started


async def _register(env: WorkflowEnvironment) -> None:
    types = {key.name: key.indexed_value_type.value for key in ALL_KEYS}
    await env.client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(namespace=env.client.namespace, search_attributes=types)  # type: ignore[arg-type]
    )
