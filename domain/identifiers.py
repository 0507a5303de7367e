"""Identity numbers: what a wrong one looks like, and how one is shown to those who need not see it."""

import re
from datetime import date

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECK = "10X98765432"
_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


def resident_id_problem(text: str, today: date) -> str | None:
    """The rule that a resident ID breaks, None when it may be genuine (GB 11643: ISO 7064 MOD 11-2).

    The place code is never judged, areas were renumbered. An old number of 15 digits has no check digit.
    """
    if re.fullmatch(r"\d{15}", text, re.ASCII):
        return None if _born(f"19{text[6:12]}", today) else "the date of birth in the number is no date"
    if not re.fullmatch(r"\d{17}[0-9X]", text, re.ASCII):
        return "a resident ID has 18 characters, 17 digits and a check character, or 15 digits"
    if not _born(text[6:14], today):
        return "the date of birth in the number is no date"
    total = sum(weight * int(digit) for weight, digit in zip(_ID_WEIGHTS, text, strict=False))
    return None if text[17] == _ID_CHECK[total % 11] else "the check character does not match the number"


def uscc_problem(text: str) -> str | None:
    """The rule that a unified social credit code breaks, None when it may be genuine (GB 32100)."""
    if len(text) != 18 or any(character not in _USCC_ALPHABET for character in text):
        return "a unified social credit code has 18 digits and capitals, without I, O, S, V and Z"
    if not text[2:8].isdigit():
        return "characters 3 to 8 of the code are digits"
    total = sum(
        weight * _USCC_ALPHABET.index(character) for weight, character in zip(_USCC_WEIGHTS, text, strict=False)
    )
    return None if text[17] == _USCC_ALPHABET[-total % 31] else "the check character does not match the code"


def mask_identifier(text: str) -> str:
    """First and last character only: six leading and four trailing ones would leave about 2,260 birth dates."""
    return f"{text[0]}****…**{text[-1]}" if len(text) > 2 else "****"


def _born(digits: str, today: date) -> bool:
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return date(1850, 1, 1) <= born <= today
