"""The one door for requesters: case number and code, with slow guessing and one answer for every failure."""

from datetime import timedelta
from math import ceil
from typing import Final

from domain.case import CaseRecord
from domain.errors import ErrorCategory, LiandongError, invalid, not_found
from domain.progress_code import ATTEMPTS, ATTEMPTS_WITHIN, FILES, ProgressAccess, read_progress_code
from services.issue_progress_code import seal_code
from services.office import Office

_NOBODY: Final = "LD-0000-000000"


async def open_progress(office: Office, case_id: str, typed: str, *, with_file: bool = False) -> CaseRecord:
    """The case behind the code. Unknown case, wrong code and too many attempts look the same: NOT_FOUND
    `progress-unknown`. A slip of the hand is told as one, because it can be told without looking.

    `with_file` counts one more file, before a byte of it is read. Raises TOO_MANY `too-many-files`.
    """
    code = read_progress_code(typed)
    if code is None:
        raise invalid("progress-code-mistyped", "this is no code that was ever given out: look again", field="code")
    record: CaseRecord | None = None
    # The attempt is counted in the same transaction that looks, whether it fails or not
    async with office.store.writing() as session:
        access = await session.progress_codes.get(case_id, lock=True)
        opened = _opens(office, access, code)
        full = access.no_file_before(office.time.now()) if access is not None and opened and with_file else None
        if access is not None:
            counted = _counted(office, access, opened=opened)
            if opened and with_file and full is None:
                counted = counted.with_file(office.time.now())
            await session.progress_codes.put(counted)
        if access is not None and opened:
            record = await session.cases.get(case_id)
    if record is None:
        raise _unknown()
    if full is not None:
        raise _too_many_files(full - office.time.now())
    return record


def _opens(office: Office, access: ProgressAccess | None, code: str) -> bool:
    """Hashes for an unknown case too, so that the time it takes tells nothing."""
    sealed = seal_code(office, access.salt if access else _NOBODY, code)
    if access is None:
        office.seals.same(sealed, "0" * len(sealed))
        return False
    matches = office.seals.same(sealed, access.code_hash)
    return matches and not _locked(office, access)


def _locked(office: Office, access: ProgressAccess) -> bool:
    since = access.failing_since
    return since is not None and access.failures >= ATTEMPTS and office.time.now() < since + ATTEMPTS_WITHIN


def _counted(office: Office, access: ProgressAccess, *, opened: bool) -> ProgressAccess:
    if opened:
        return access.model_copy(update={"failures": 0, "failing_since": None})
    now = office.time.now()
    fresh = access.failing_since is None or now >= access.failing_since + ATTEMPTS_WITHIN
    if fresh:
        return access.model_copy(update={"failures": 1, "failing_since": now})
    if access.failures >= ATTEMPTS:
        return access
    return access.model_copy(update={"failures": access.failures + 1})


def _too_many_files(wait: timedelta) -> LiandongError:
    return LiandongError(
        ErrorCategory.TOO_MANY,
        "too-many-files",
        f"at most {FILES} files of a case are handed in within a day: go on tomorrow, or ask the window",
        retry_after_seconds=max(1, ceil(wait.total_seconds())),
    )


def _unknown() -> LiandongError:
    return not_found(
        "progress-unknown",
        "case number and code do not belong together, or too many attempts failed: try again in a quarter of an hour",
    )
