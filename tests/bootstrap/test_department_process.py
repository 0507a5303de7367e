"""A worker inside a department's network: only that department's adapter, no store, and nothing listens."""

import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from adapters.department_secrets import DepartmentSecrets
from bootstrap.circuit_metrics import CircuitCollector
from bootstrap.department_process import alone, department_workers
from bootstrap.effective_policy import PolicyDirectory, Whereabouts
from bootstrap.first_start import SECRETS_FILE
from bootstrap.policies import PolicyError, load_policy
from bootstrap.settings import Settings, WorkerSettings
from tests.bootstrap.test_policies import SHIPPED, edit, folder

__all__ = ["folder"]

NOWHERE = Whereabouts("http://127.0.0.1:1", "127.0.0.1:1", lazy_engine=True)


def settings(data_dir: Path, *departments: str, engine: bool = False, policies: Path = SHIPPED) -> Settings:
    worker = WorkerSettings(engine=engine, departments=departments)
    return Settings(data_dir=data_dir, policies_dir=policies, worker=worker)


def with_secrets(data_dir: Path) -> None:
    kept = DepartmentSecrets({}).completed_for(load_policy(SHIPPED).departments)
    kept.save(data_dir / SECRETS_FILE)


def test_only_departments_with_systems_work_alone(tmp_path: Path) -> None:
    def codes(*departments: str, engine: bool = False) -> list[str]:
        return [one.code for one in alone(settings(tmp_path, *departments, engine=engine), NOWHERE)]

    assert codes("police") == ["police"]
    assert codes("police", "housing") == ["police", "housing"]
    assert codes("culture") == []
    assert codes("police", "culture") == []
    assert codes("police", engine=True) == []
    assert codes() == []
    with pytest.raises(PolicyError, match="nobody"):
        codes("nobody")


@pytest.fixture
async def temporal() -> AsyncIterator[str]:
    async with await WorkflowEnvironment.start_time_skipping(test_server_existing_path=_test_server()) as env:
        yield env.client.service_client.config.target_host


def _test_server() -> str:
    found = Path(sys.prefix) / "bin" / "temporal-test-server"
    assert found.exists()
    return str(found)


async def test_a_worker_needs_no_store_and_only_its_own_secret(tmp_path: Path, temporal: str) -> None:
    with_secrets(tmp_path)
    kept = json.loads((tmp_path / SECRETS_FILE).read_text())
    (tmp_path / SECRETS_FILE).write_text(json.dumps({"police": kept["police"]}))
    own = settings(tmp_path, "police")
    where = Whereabouts("http://127.0.0.1:1", temporal)
    async with department_workers(own, where, alone(own, where)) as workers:
        assert [worker.task_queue for worker in workers] == ["department-police"]
    assert not list(tmp_path.glob("*.db*"))
    assert json.loads((tmp_path / SECRETS_FILE).read_text()) == {"police": kept["police"]}


@pytest.mark.parametrize("content", [None, "{}", "no JSON"])
async def test_a_missing_secret_is_said_and_never_made_up(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / SECRETS_FILE).write_text(content)
    own = settings(tmp_path, "police")
    with pytest.raises(PolicyError, match=SECRETS_FILE):
        async with department_workers(own, NOWHERE, alone(own, NOWHERE)):
            pass


async def test_a_changed_policy_file_is_read_without_a_restart(tmp_path: Path, folder: Path) -> None:
    directory = PolicyDirectory(settings(tmp_path, "police", policies=folder), NOWHERE)
    before = await directory.find("police")
    edit(folder, "departments.toml", "8090/police", "8091/police")
    after = await directory.find("police")
    edit(folder, "departments.toml", '"XML"', '"FAX"')
    broken = await directory.find("police")
    assert before is not None
    assert after is not None
    assert (before.base_url[-11:], after.base_url[-11:]) == ("8090/police", "8091/police")
    assert broken == after


def test_circuits_are_metrics() -> None:
    (metric,) = CircuitCollector(lambda: {"market": "closed", "police": "open"}).collect()
    assert {sample.labels["department"]: sample.value for sample in metric.samples} == {"market": 0, "police": 2}
