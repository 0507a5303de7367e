"""Logs: one line per event, readable for people or for machines, without personal data."""

import logging
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
from structlog.typing import Processor

from bootstrap.settings import LogSettings

# Fields that name a person or quote what one wrote; a log keeps neither
_PERSONAL = frozenset(
    {
        "name",
        "applicant",
        "phone",
        "mobile",
        "tel",
        "email",
        "id_card",
        "id_number",
        "resident_id",
        "address",
        "contact",
    }
    | {"body", "payload", "text", "content", "password", "token", "secret", "authorization", "signature"}
)
# Chinese mobile numbers, resident IDs and mail addresses inside any other text
_PATTERNS = re.compile(
    r"(?<![0-9A-Za-z])(?:\d{17}[\dXx]|1[3-9]\d{9})(?![0-9A-Za-z])|[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"
)
_HIDDEN = "[hidden]"
# What would begin a line of its own or steer a terminal; an exception's frames keep their lines
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_CONTROLS_BUT_LINES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
# Their exceptions tell of connections and addresses, not of what was sent
_PLAIN_MODULES = ("httpx", "httpcore", "temporalio.service")
# The same text again with escape sequences, and Temporal's own object beside the message made from it
_NOT_FOR_A_LOG = ("color_message", "temporal_log")
_NOISY = {
    "httpx": logging.WARNING,
    "httpcore": logging.WARNING,
    "aiosqlite": logging.WARNING,
    "asyncio": logging.WARNING,
}


def configure_logging(settings: LogSettings) -> None:
    """Send structlog's and the standard library's records through the same chain to standard error."""
    json_lines = settings.format == "json"
    chain: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
        _without_copies,
        exception_without_quotes,
        hide_personal_data,
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
        if json_lines
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=chain,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(level=settings.level, handlers=[handler], force=True)
    for name, level in _NOISY.items():
        logging.getLogger(name).setLevel(max(level, logging.getLevelNamesMapping()[settings.level]))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *chain,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def _without_copies(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in _NOT_FOR_A_LOG:
        event.pop(name, None)
    return event


def exception_without_quotes(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Write the frames and types of an exception; its text only where that kind never quotes an input."""
    given = event.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["exception"] = "\n".join(_described(error))
    return event


def _described(error: BaseException) -> list[str]:
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    lines = [*_described(cause), "which led to:"] if cause is not None else []
    lines += [line.rstrip() for line in traceback.format_tb(error.__traceback__)]
    kind = type(error)
    plain = isinstance(error, OSError | RuntimeError) or kind.__module__.startswith(_PLAIN_MODULES)
    lines.append(f"{kind.__module__}.{kind.__qualname__}: {error if plain else _HIDDEN}")
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            lines += _described(part)
    return lines


def hide_personal_data(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hide personal fields at any depth, and numbers and addresses of people inside texts; spell out controls."""
    return {key: _hidden(key, value) for key, value in event.items()}


def _spelled(found: re.Match[str]) -> str:
    """The character as its escape: readable, and without effect."""
    return found[0].encode("unicode_escape").decode()


def _hidden(key: str, value: object) -> object:
    if key.lower() in _PERSONAL:
        return _HIDDEN
    if isinstance(value, str):
        controls = _CONTROLS_BUT_LINES if key == "exception" else _CONTROLS
        return controls.sub(_spelled, _PATTERNS.sub(_HIDDEN, value))
    if isinstance(value, Mapping):
        return {inner: _hidden(str(inner), part) for inner, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_hidden("", part) for part in value]
    return value
