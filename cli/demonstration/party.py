"""A party of one run alone, for stories that leave a mark on their party."""

from typing import Final

from domain.case import Registration
from domain.identifiers import uscc_problem

_CHECK_CHARACTERS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def fresh_party(registration: Registration, run: int) -> Registration:
    """The same enterprise with a credit code that no earlier run has used."""
    if registration.requester.uscc is None:
        raise ValueError("only an enterprise can be made fresh: it is told apart by its credit code")
    stem = f"{registration.requester.uscc[:10]}{run % 10_000_000:07d}"
    code = next(stem + last for last in _CHECK_CHARACTERS if uscc_problem(stem + last) is None)
    requester = registration.requester.model_copy(update={"uscc": code})
    return registration.model_copy(update={"requester": requester})
