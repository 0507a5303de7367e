"""The product as one process, as `liandong up` runs it, on the benchmark's Temporal and with simulated departments."""

import asyncio
import sys
from pathlib import Path

from bench.children import say_ready, until_input_ends
from bootstrap.keyring import new_key_line
from bootstrap.log import configure_logging
from bootstrap.private_file import write_private
from bootstrap.settings import ApiSettings, LogSettings, Settings, TemporalMode, TemporalSettings
from bootstrap.up import running_product


def engine_settings(data_dir: Path, temporal_address: str) -> Settings:
    """Everything as it ships, except ports and the Temporal that is there already."""
    return Settings(
        data_dir=data_dir,
        temporal=TemporalSettings(mode=TemporalMode.OUTSIDE, address=temporal_address),
        api=ApiSettings(port=0),
        log=LogSettings(level="WARNING", format="json"),
    )


async def main(data_dir: Path, temporal_address: str) -> None:
    settings = engine_settings(data_dir, temporal_address)
    configure_logging(settings.log)
    # An outside Temporal comes with keys of its own; this one was started a moment ago
    write_private(settings.codec_key_file, new_key_line("bench"))
    async with running_product(settings, simulators=True) as product:
        running = product.running
        say_ready(
            api=running.api_url,
            simulators=running.simulators_url or "",
            simulators_control=running.simulators_control or "",
        )
        ended = asyncio.create_task(until_input_ends())
        failed = asyncio.create_task(product.failed())
        await asyncio.wait({ended, failed}, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        if failed.done():
            raise failed.result()
        failed.cancel()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
