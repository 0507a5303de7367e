"""Free text for readers who do not handle the case: it stays readable, identifiers in it do not."""

import re
from collections.abc import Iterable
from typing import Final

from domain.identifiers import mask_identifier

_EDGE: Final = r"[\dA-Za-z]"
# Also in full-width digits, which \d knows
_IDENTIFIERS: Final = re.compile(
    rf"(?<!{_EDGE})(?:"
    r"\d{14,18}[\dXx]"  # resident IDs old and new, bank cards
    r"|(?:\+?86[- ]?)?[1１][3-9３-９]\d[- ]?\d{4}[- ]?\d{4}"  # mobile telephones
    r"|[0０]\d{2,3}[- ]?\d{7,8}"  # telephones with their area
    rf")(?!{_EDGE})"
)
_EMAIL: Final = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")


def mask_text(text: str, known: Iterable[str] = ()) -> str:
    """`known`: what the case itself knows to identify its people, however it reads; names keep their first sign."""
    for value in sorted({value for value in known if len(value) > 1}, key=len, reverse=True):
        shown = mask_identifier(value) if any(sign.isdigit() for sign in value) else f"{value[0]}**"
        text = text.replace(value, shown)
    return _EMAIL.sub(_masked, _IDENTIFIERS.sub(_masked, text))


def _masked(found: re.Match[str]) -> str:
    return mask_identifier(found[0])
