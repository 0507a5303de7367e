"""JSON without the freedoms that the standard parser leaves: one reading only, and nothing a database cannot keep."""

import json
from collections.abc import Iterable
from typing import NoReturn

from pydantic import JsonValue

MAX_DEPTH = 20
_MAX_DIGITS = 18
"""Larger whole numbers do not survive a 64-bit column or another language's parser."""


class MalformedJson(ValueError):
    """Names the rule that the text breaks, never the text."""


def parse_json(body: bytes) -> JsonValue:
    """Raises MalformedJson for anything that is not exactly one plain JSON value in UTF-8."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedJson("not UTF-8") from None
    try:
        value: JsonValue = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_int=_whole_number,
            parse_float=_number,
        )
    except MalformedJson:
        raise
    except (ValueError, RecursionError):
        raise MalformedJson("not one complete JSON value") from None
    _check(value)
    return value


def _object(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedJson("an object names a key twice")
    return found


def _constant(_: str) -> NoReturn:
    raise MalformedJson("NaN and Infinity are no JSON numbers")


def _whole_number(digits: str) -> int:
    if len(digits.lstrip("-")) > _MAX_DIGITS:
        raise MalformedJson(f"a whole number has more than {_MAX_DIGITS} digits")
    return int(digits)


def _number(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise MalformedJson("a number is out of range")
    return number


def _check(value: JsonValue) -> None:
    """Without recursion: the depth is the sender's choice."""
    waiting: list[tuple[JsonValue, int]] = [(value, 0)]
    while waiting:
        current, depth = waiting.pop()
        if isinstance(current, str):
            _check_text(current)
            continue
        children: Iterable[JsonValue] = ()
        if isinstance(current, dict):
            for key in current:
                _check_text(key)
            children = current.values()
        elif isinstance(current, list):
            children = current
        else:
            continue
        if depth >= MAX_DEPTH:
            raise MalformedJson(f"nested deeper than {MAX_DEPTH}")
        waiting.extend((child, depth + 1) for child in children)


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise MalformedJson("a text holds the NUL character")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise MalformedJson("a text holds half a character (lone surrogate)") from None
