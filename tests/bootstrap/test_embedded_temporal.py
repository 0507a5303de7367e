"""The embedded server: survives kill -9 with its cases, refuses loudly, leaves nothing behind."""

import asyncio
import os
import signal
import socket
import sys
import sysconfig
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client

from bootstrap.data_lock import DataDirBusyError
from bootstrap.embedded_temporal import EmbeddedTemporal, EmbeddedTemporalConfig, EmbeddedTemporalError, find_binary

LIMIT = 60

OWNER = """
import asyncio, sys
from pathlib import Path
from bootstrap.embedded_temporal import EmbeddedTemporal, EmbeddedTemporalConfig

async def main() -> None:
    async with EmbeddedTemporal(EmbeddedTemporalConfig(data_dir=Path(sys.argv[1]))) as server:
        print(server.pid, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.server
async def test_an_acknowledged_start_survives_kill_9_and_restart(embedded: EmbeddedTemporal) -> None:
    client = await Client.connect(embedded.address, namespace="liandong")
    address, first_pid = embedded.address, embedded.pid
    await client.start_workflow("Nobody", id="HK-1", task_queue="nobody")

    await embedded.kill()
    await embedded.restart()

    assert (embedded.address, embedded.pid != first_pid) == (address, True)
    again = await Client.connect(embedded.address, namespace="liandong")
    assert (await again.get_workflow_handle("HK-1").describe()).workflow_type == "Nobody"


@pytest.mark.server
async def test_the_file_keeps_a_years_histories_in_wal_mode_and_private_ports(embedded: EmbeddedTemporal) -> None:
    client = await Client.connect(embedded.address, namespace="liandong")
    namespace = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace="liandong"))

    assert namespace.config.workflow_execution_retention_ttl.ToTimedelta().days == 365
    assert embedded.database_file.with_name("temporal.db-wal").exists()
    port = int(embedded.address.rpartition(":")[2])
    # Every loopback address but the one that is served: a listener on all interfaces would answer here
    with pytest.raises(OSError, match=r"refused|unreachable"):
        socket.create_connection(("127.0.0.2", port), timeout=2)


@pytest.mark.server
async def test_the_address_for_people_opens_the_namespace_that_holds_the_cases(embedded: EmbeddedTemporal) -> None:
    client = await Client.connect(embedded.address, namespace="liandong")
    namespace = embedded.ui_url.partition("/namespaces/")[2].removesuffix("/workflows")
    described = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=namespace))
    assert described.namespace_info.name == client.namespace
    async with httpx.AsyncClient(trust_env=False, timeout=LIMIT) as browser:
        assert (await browser.get(embedded.ui_url)).status_code == 200


@pytest.mark.server
async def test_a_file_of_an_earlier_release_gets_new_search_attributes(tmp_path: Path) -> None:
    config = EmbeddedTemporalConfig(data_dir=tmp_path, search_attributes={"OldState": "Keyword"})
    async with EmbeddedTemporal(config):
        pass

    async with EmbeddedTemporal(
        replace(config, search_attributes={"OldState": "Keyword", "NewCount": "Int"})
    ) as server:
        client = await Client.connect(server.address, namespace="liandong")
        listed = await client.operator_service.list_search_attributes(ListSearchAttributesRequest(namespace="liandong"))

    assert {"OldState", "NewCount"} <= set(listed.custom_attributes)


@pytest.mark.server
async def test_a_second_start_on_the_same_directory_is_refused(embedded: EmbeddedTemporal) -> None:
    data_dir = embedded.database_file.parent

    with pytest.raises(DataDirBusyError, match=rf"(?s)数据目录.*pid {os.getpid()}.*LIANDONG_DATA_DIR"):
        await EmbeddedTemporal(EmbeddedTemporalConfig(data_dir=data_dir)).__aenter__()

    assert alive(embedded.pid)


@pytest.mark.server
async def test_a_server_whose_owner_was_killed_is_ended_by_the_next_start(tmp_path: Path) -> None:
    owner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OWNER, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert owner.stdout is not None
    orphan = int(await asyncio.wait_for(owner.stdout.readline(), LIMIT))
    owner.kill()
    await owner.wait()
    assert alive(orphan)

    async with EmbeddedTemporal(EmbeddedTemporalConfig(data_dir=tmp_path)) as server:
        assert server.pid != orphan
        assert not alive(orphan)


@pytest.mark.server
async def test_the_death_of_the_server_is_noticed_and_explained(embedded: EmbeddedTemporal) -> None:
    death = asyncio.create_task(embedded.died())
    os.kill(embedded.pid, signal.SIGKILL)

    error = await asyncio.wait_for(death, LIMIT)

    assert "ended unexpectedly with code -9" in str(error)
    assert str(embedded.log_file) in str(error)


@pytest.mark.server
async def test_leaving_ends_the_server_and_frees_the_directory(tmp_path: Path) -> None:
    config = EmbeddedTemporalConfig(data_dir=tmp_path)
    async with EmbeddedTemporal(config) as server:
        pid = server.pid
    assert not alive(pid)

    async with EmbeddedTemporal(config) as server:
        assert server.pid != pid


async def test_a_used_port_is_named_with_its_setting_and_nothing_is_left(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(
            EmbeddedTemporalError, match=rf"(?s)端口 {port} .*port {port} is in use.*LIANDONG_TEMPORAL__PORT"
        ):
            await EmbeddedTemporal(EmbeddedTemporalConfig(data_dir=tmp_path, port=port)).__aenter__()
    assert not (tmp_path / "temporal.db").exists()

    async with EmbeddedTemporal(EmbeddedTemporalConfig(data_dir=tmp_path, port=port)) as server:
        assert server.address.endswith(f":{port}")


async def test_a_damaged_file_is_refused_with_the_end_of_the_log(tmp_path: Path) -> None:
    (tmp_path / "temporal.db").write_bytes(b"this is no database " * 500)

    with pytest.raises(EmbeddedTemporalError, match=r"(?s)while starting.*temporal\.log:.*not a database"):
        await EmbeddedTemporal(EmbeddedTemporalConfig(data_dir=tmp_path)).__aenter__()


async def test_without_the_program_the_message_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EmbeddedTemporalError, match=r"\./setup.*LIANDONG_TEMPORAL__MODE=outside"):
        find_binary()

    program = tmp_path / "bin" / "temporal"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    assert find_binary() == str(program)
