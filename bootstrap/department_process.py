"""A worker inside a department's network: that department's adapter and nothing else. No store, nothing dials in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from temporalio.worker import Worker

from activities.department import DepartmentActivities
from adapters.department_line import DepartmentLines, LineOptions
from adapters.department_secrets import DepartmentSecrets
from adapters.departments import build_adapters
from adapters.exchange_file import ExchangeFile
from adapters.outage_reporter import TemporalOutageReporter
from adapters.secret_file import SecretFile
from adapters.system_time import SystemTime
from bootstrap.data_converter import build_data_converter
from bootstrap.effective_policy import PolicyDirectory, Whereabouts
from bootstrap.first_start import SECRETS_FILE
from bootstrap.keyring import open_key_ring
from bootstrap.policies import PolicyError
from bootstrap.settings import Settings
from bootstrap.telemetry import build_telemetry
from bootstrap.temporal_client import connect
from bootstrap.workers import department_worker
from domain.codes import Technique
from domain.department import Department

EXCHANGES_FILE = "exchanges.jsonl"
"""What was said, for `liandong evidence import` on the other side."""


def alone(settings: Settings, where: Whereabouts) -> tuple[Department, ...]:
    """The departments of a process that needs no store; empty when it needs one. Raises PolicyError."""
    codes = settings.worker.departments
    if settings.worker.engine or not codes:
        return ()
    departments = chosen(settings, where, codes)
    # People have no system: what they are asked lies in the store
    if any(department.technique is Technique.PEOPLE for department in departments):
        return ()
    return departments


@asynccontextmanager
async def department_workers(
    settings: Settings, where: Whereabouts, departments: tuple[Department, ...]
) -> AsyncIterator[list[Worker]]:
    """Dials out to Temporal and to the departments' services. Raises PolicyError and KeyRingError."""
    time, directory = SystemTime(), PolicyDirectory(settings, where)
    secrets = _secrets(settings, departments)
    converter = build_data_converter(open_key_ring(settings))
    telemetry = build_telemetry(settings.telemetry)
    options = LineOptions(prepare=telemetry.instrument, exchanges=ExchangeFile(settings.data_dir / EXCHANGES_FILE))
    lines = DepartmentLines(directory.find, secrets, options)
    try:
        client = await connect(settings.temporal, where, telemetry, converter)
        adapters = build_adapters(lines, time, where.public_url)
        activities = DepartmentActivities(adapters, time, TemporalOutageReporter(client))
        graceful = timedelta(seconds=settings.graceful_shutdown_seconds)
        yield [department_worker(client, department, activities, graceful=graceful) for department in departments]
    finally:
        await lines.close()
        telemetry.shutdown()


def chosen(settings: Settings, where: Whereabouts, codes: tuple[str, ...]) -> tuple[Department, ...]:
    known = {one.code: one for one in PolicyDirectory(settings, where).policy.departments if one.enabled}
    if unknown := [code for code in codes if code not in known]:
        raise PolicyError(
            (f"LIANDONG_WORKER__DEPARTMENTS: 没有在用的部门 · no enabled department {', '.join(unknown)}",)
        )
    return tuple(known[code] for code in codes)


def _secrets(settings: Settings, departments: tuple[Department, ...]) -> SecretFile:
    """Never made here: the other side must know the same ones. A file that is replaced holds at once."""
    path = settings.data_dir / SECRETS_FILE
    codes = [department.code for department in departments]
    try:
        known = DepartmentSecrets.load(path).codes
    except FileNotFoundError:
        raise PolicyError(
            (f"{path}: 缺少此文件，请复制相应密钥 · no such file; copy the entries of {', '.join(codes)} to it",)
        ) from None
    except ValueError as error:
        raise PolicyError((str(error),)) from None
    if missing := [code for code in codes if code not in known]:
        raise PolicyError((f"{path.name}: 缺少密钥 · no secret for {', '.join(missing)}",))
    return SecretFile(path)
