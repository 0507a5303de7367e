"""Codes as people read them: Chinese first, English second."""

from enum import StrEnum

from domain.code_text import CODES, RUNGS


def both(kind: type[StrEnum], code: str | None) -> str:
    """`办成 DONE`; a dash where there is none yet, and as it is what a newer product says."""
    return "–" if code is None else f"{CODES[kind].get(code, '')} {code}".strip()


def chinese(kind: type[StrEnum], code: str | None) -> str:
    return "–" if code is None else CODES[kind].get(code, code)


def rung(name: str) -> str:
    """A district may name rungs of its own; those keep their name alone."""
    return f"{RUNGS.get(name, '')} {name}".strip()
