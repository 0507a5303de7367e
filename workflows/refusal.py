"""How a business refusal leaves a workflow, and how the caller reads it back."""

from temporalio.exceptions import ApplicationError

from domain.errors import ErrorCategory, LiandongError


def refused(error: LiandongError) -> ApplicationError:
    """The refusal as a failure that keeps category, code and field."""
    return ApplicationError(error.detail, error.category.value, error.field, type=error.code, non_retryable=True)


def read_refusal(failure: ApplicationError) -> LiandongError | None:
    """The refusal behind a failure; None when the failure is something else."""
    if failure.type is None or not failure.details or failure.details[0] not in ErrorCategory.__members__:
        return None
    field = failure.details[1] if len(failure.details) > 1 else None
    return LiandongError(ErrorCategory(failure.details[0]), failure.type, failure.message, field=field)
