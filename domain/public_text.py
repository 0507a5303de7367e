"""Text that may be read by whoever operates Temporal: summaries of steps in business words."""

from typing import ClassVar


class PublicText(str):
    """Travels unencrypted, so never personal data: a department's code, a round, a due date.

    Use it for `static_summary=` and `summary=`; an ordinary string there is sealed and shows as noise in Temporal's UI.
    """

    __slots__ = ()
    in_clear: ClassVar[bool] = True
