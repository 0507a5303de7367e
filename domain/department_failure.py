"""Why a department's system did not take a message. Apart from the ports: whoever catches it need not know them all."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from domain.outage import Outage
    from domain.proof import Proof


class DepartmentUnavailable(Exception):
    """The department's system cannot be reached or is in trouble: try again later."""

    def __init__(
        self, detail: str, *, retry_after_seconds: float | None = None, outage: "Outage | None" = None
    ) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds
        self.outage = outage
        """Not the first failure in a row: the system counts as down."""


class DepartmentRefusal(Exception):
    """The department's system will never take this request in: a person must look."""

    def __init__(self, detail: str, *, proof: "Proof | None" = None) -> None:
        super().__init__(detail)
        self.proof = proof


class DepartmentDisabled(DepartmentRefusal):
    """The directory has switched this department off: nothing goes there, and its open rounds are handed over."""

    def __init__(self) -> None:
        super().__init__("department-disabled: the directory has switched this department off")
