"""One life of the product in this terminal: start, work, stop on a signal or when a part ends by itself."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.markup import escape

from bootstrap.core_log import forward_core_log
from bootstrap.log import configure_logging
from bootstrap.running import Running
from bootstrap.settings import Settings
from bootstrap.up import Product
from cli.screen import EXPECTED, complain, console, explained

_INTERRUPTED = 130


@dataclass(frozen=True)
class Job:
    """What is played while the product runs."""

    play: Callable[[Running], Awaitable[bool]]
    """True when everything ended as expected."""
    once: bool
    """Leave after it."""


@dataclass
class Service:
    settings: Settings
    job: Job | None
    out: Console = field(default_factory=console)
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _started: bool = False

    async def serve(self, starting: AbstractAsyncContextManager[Product]) -> int:
        """The exit status. The first signal stops in order; while starting, it ends the start."""
        configure_logging(self.settings.log)
        forward_core_log()
        self._listen_for_signals()
        self.out.print("联动启动中 · Liandong is starting…")
        try:
            async with starting as product:
                self._started = True
                self._welcome(product)
                status = await self._work(product)
                self.out.print("正在停止 · stopping…")
        except asyncio.CancelledError:
            if not self._stop.is_set():
                raise
            return _INTERRUPTED
        except EXPECTED as error:
            complain(*explained(error))
            return 1
        self.out.print("已停止 · stopped")
        return status

    async def _work(self, product: Product) -> int:
        stopping = asyncio.create_task(self._stop.wait())
        failing = asyncio.create_task(product.failed())
        playing = asyncio.ensure_future(self.job.play(product.running)) if self.job else None
        tasks: list[asyncio.Task[Any]] = [task for task in (stopping, failing, playing) if task]
        status = 0
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if playing and playing.done() and not stopping.done():
                as_expected = playing.result()
                if self.job and self.job.once:
                    return 0 if as_expected else 1
                self._addresses(product)
                await asyncio.wait([stopping, failing], return_when=asyncio.FIRST_COMPLETED)
            if failing.done() and not stopping.done():
                complain(*explained(failing.result()))
                status = 1
            elif self.job and self.job.once:
                # Told to stop before the table: nobody may take that for a success
                status = _INTERRUPTED
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return status

    def _welcome(self, product: Product) -> None:
        keys = product.container.keys
        if keys.new_tokens:
            self.out.print("[bold]首次启动，令牌只显示这一次 · First start: these tokens are shown only once[/]")
            for person, token in keys.new_tokens.items():
                self.out.print(f"  {person:<12} {escape(token)}", soft_wrap=True)
            self.out.print(f"  也保存在 · also kept, for you alone, in {escape(str(keys.tokens_file))}", soft_wrap=True)
        else:
            where = escape(str(keys.tokens_file))
            self.out.print(f"令牌见 · Tokens: {where}; 新令牌 · a new one: liandong token new PERSON", soft_wrap=True)
        if self.job is None:
            self._addresses(product)

    def _addresses(self, product: Product) -> None:
        running = product.running
        self.out.print(f"接口文档 · API documentation  {running.api_url}/docs", soft_wrap=True)
        if running.temporal_ui_url:
            self.out.print(f"Temporal 界面 · Temporal UI   {running.temporal_ui_url}", soft_wrap=True)
        self.out.print("按 Ctrl-C 停止 · Ctrl-C stops", soft_wrap=True)

    def _listen_for_signals(self) -> None:
        loop, main = asyncio.get_running_loop(), asyncio.current_task()

        def told_to_stop() -> None:
            first = not self._stop.is_set()
            self._stop.set()
            if first and not self._started and main is not None:
                main.cancel()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, told_to_stop)
