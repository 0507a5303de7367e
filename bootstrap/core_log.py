"""Temporal's native core writes its own log, in colour, past ours: this brings its lines into the same chain."""

import logging

from temporalio.runtime import LogForwardingConfig, LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

_LOGGER = "temporalio.core"


def forward_core_log() -> None:
    """For clients and workers that are made afterwards; call it once, at the start of a process."""
    forwarding = LogForwardingConfig(
        logger=logging.getLogger(_LOGGER), append_target_to_name=False, prepend_target_on_message=False
    )
    wanted = LoggingConfig(TelemetryFilter(core_level="WARN", other_level="ERROR"), forwarding=forwarding)
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=wanted)), error_if_already_set=False)
