"""One error for every business refusal: a closed category, a stable code, and what to do next."""

from enum import StrEnum

from domain.plan import PlanProblem


class ErrorCategory(StrEnum):
    """Decides the HTTP status and whether trying again makes sense."""

    INVALID = "INVALID"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    CONFLICT = "CONFLICT"
    TOO_LARGE = "TOO_LARGE"
    TOO_MANY = "TOO_MANY"
    UNAVAILABLE = "UNAVAILABLE"


class LiandongError(Exception):
    """A refusal with a name, a reason and a way on.

    `code` is stable and machine-readable (kebab-case); `detail` is for people and never repeats submitted personal
    data; `field` names the offending input where there is one; `problems` lists all of them where several can be
    mended at once; `retry_after_seconds` is told where the usual pause would be too short.
    """

    def __init__(
        self,
        category: ErrorCategory,
        code: str,
        detail: str,
        *,
        field: str | None = None,
        problems: tuple[PlanProblem, ...] = (),
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.category = category
        self.code = code
        self.detail = detail
        self.field = field
        self.problems = problems
        self.retry_after_seconds = retry_after_seconds


def invalid(code: str, detail: str, *, field: str | None = None) -> LiandongError:
    return LiandongError(ErrorCategory.INVALID, code, detail, field=field)


def unsound(code: str, detail: str, problems: tuple[PlanProblem, ...]) -> LiandongError:
    """Malformed in one or more named ways; `field` is that of the first."""
    return LiandongError(ErrorCategory.INVALID, code, detail, field=problems[0].field, problems=problems)


def not_found(code: str, detail: str) -> LiandongError:
    return LiandongError(ErrorCategory.NOT_FOUND, code, detail)


def conflict(code: str, detail: str) -> LiandongError:
    return LiandongError(ErrorCategory.CONFLICT, code, detail)


def forbidden(code: str, detail: str) -> LiandongError:
    return LiandongError(ErrorCategory.FORBIDDEN, code, detail)


def unavailable(code: str, detail: str) -> LiandongError:
    return LiandongError(ErrorCategory.UNAVAILABLE, code, detail)
