"""The compose file agrees with the product: settings, commands, ports, waiting order, search attributes."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey

from bootstrap.embedded_temporal import EmbeddedTemporal, EmbeddedTemporalConfig, find_binary
from bootstrap.keyring import new_key_line, open_key_ring
from bootstrap.settings import Settings, TemporalMode, known_variables, load_settings
from workflows import search_attributes

ROOT = Path(__file__).parent.parent
PASSWORD = "letters1"
FILLED_IN = {
    "POSTGRES_PASSWORD": PASSWORD,
    "LIANDONG_CODEC__KEYS": new_key_line("k1").strip(),
    "LIANDONG_API__PUBLIC_URL": "https://liandong.example.org",
}
OURS = ("api", "worker-engine", "worker-departments")


def expanded(text: str) -> str:
    """As compose does it for the one form that the file uses."""
    return re.sub(r"\$\{(\w+):\?[^}]*\}", lambda found: FILLED_IN[found[1]], text)


COMPOSE: dict[str, Any] = yaml.safe_load(expanded((ROOT / "docker-compose.yml").read_text()))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def attributes_of_the_workflow() -> set[str]:
    keys = [value for value in vars(search_attributes).values() if isinstance(value, SearchAttributeKey)]
    return {f"{key.name}={key.indexed_value_type.name.title().replace('_', '')}" for key in keys}


def settings_of(service: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in known_variables():
        monkeypatch.delenv(name, raising=False)
    for name, value in SERVICES[service]["environment"].items():
        monkeypatch.setenv(name, value)
    return load_settings()


def test_the_distributed_shape_is_complete() -> None:
    assert set(OURS) | {"postgres", "temporal", "temporal-ui"} <= set(SERVICES)


@pytest.mark.parametrize("service", OURS)
def test_every_setting_exists_and_is_valid(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(service, monkeypatch)

    assert settings.temporal.mode is TemporalMode.OUTSIDE
    assert settings.temporal.address.split(":")[0] in SERVICES
    assert settings.sqlalchemy_url == f"postgresql+psycopg://liandong:{PASSWORD}@postgres:5432/liandong"
    assert open_key_ring(settings).current == "k1"
    assert settings.log.format == "json"


def test_each_queue_has_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = {service: settings_of(service, monkeypatch).worker for service in OURS}

    assert SERVICES["api"]["command"] == ["liandong", "api"]
    assert (runs["worker-engine"].engine, runs["worker-engine"].departments) == (True, ())
    assert (runs["worker-departments"].engine, runs["worker-departments"].departments) == (False, None)


@pytest.mark.parametrize("service", OURS)
def test_every_command_exists(service: str) -> None:
    command = SERVICES[service]["command"]

    if command[0] == "liandong":
        shown = subprocess.run(
            [Path(sys.executable).with_name("liandong"), *command[1:], "--help"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )
        assert shown.returncode == 0, shown.stderr
        assert f"liandong {command[1]}" in shown.stdout
    else:
        assert command[0] == "python"
        assert (ROOT / command[1]).is_file()
        assert f"COPY {command[1]} " in (ROOT / "Dockerfile").read_text()


def test_nothing_is_published_beyond_loopback() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]

    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)
    assert not any("network_mode" in service for service in SERVICES.values())


def test_every_wait_is_for_health_or_for_a_finished_task() -> None:
    for name, service in SERVICES.items():
        for needed, rule in service.get("depends_on", {}).items():
            target = SERVICES[needed]
            if rule["condition"] == "service_healthy":
                assert {"test", "interval", "timeout", "retries"} <= set(target["healthcheck"]), (name, needed)
            else:
                assert rule["condition"] == "service_completed_successfully"
                assert target["restart"].startswith("on-failure:"), (name, needed)


def test_images_are_pinned_and_data_is_on_named_volumes() -> None:
    for service in SERVICES.values():
        tag = service["image"].rpartition(":")[2]
        assert re.fullmatch(r"\d+\.\d+(\.\d+)?(-\w+)?", tag), service["image"]
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] or (ROOT / source).is_file(), volume
    assert re.search(r"^FROM python:3\.\d+\.\d+-slim", (ROOT / "Dockerfile").read_text())


def test_no_secret_stands_in_a_committed_file() -> None:
    example = dict(
        line.split("=", 1)
        for line in (ROOT / "deploy/liandong.env.example").read_text().splitlines()
        if line and not line.startswith("#")
    )

    assert example == dict.fromkeys(FILLED_IN, "")
    assert set(re.findall(r"\$\{(\w+):\?", (ROOT / "docker-compose.yml").read_text())) == set(example)


def test_docker_waits_longer_than_the_graceful_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    for service in OURS:
        grace = int(SERVICES[service]["stop_grace_period"].removesuffix("s"))
        assert grace > settings_of(service, monkeypatch).graceful_shutdown_seconds


@pytest.mark.server
async def test_the_namespace_script_makes_what_the_workflow_needs(tmp_path: Path) -> None:
    service = SERVICES["temporal-namespace"]
    assert set(service["environment"]["SEARCH_ATTRIBUTES"].split()) == attributes_of_the_workflow()

    async with EmbeddedTemporal(EmbeddedTemporalConfig(data_dir=tmp_path, namespace="elsewhere")) as server:
        environment = service["environment"] | {
            "TEMPORAL_ADDRESS": server.address,
            "PATH": f"{Path(find_binary()).parent}:{os.environ['PATH']}",
            "HOME": str(tmp_path),
        }
        for _ in range(2):
            ran = subprocess.run(
                ["/bin/sh", str(ROOT / "deploy/temporal-namespace.sh")],
                env=environment,
                capture_output=True,
                text=True,
                timeout=50,
                check=False,
            )
            assert ran.returncode == 0, ran.stderr
        client = await Client.connect(server.address, namespace="liandong")
        listed = await client.operator_service.list_search_attributes(ListSearchAttributesRequest(namespace="liandong"))

    assert {pair.split("=")[0] for pair in attributes_of_the_workflow()} <= set(listed.custom_attributes)


def test_the_deployment_guide_explains_every_setting_and_no_other() -> None:
    table = re.findall(r"^\| `(LIANDONG_\w+)` \|", (ROOT / "docs/deployment.md").read_text(), re.MULTILINE)

    assert sorted(table) == sorted(known_variables())
