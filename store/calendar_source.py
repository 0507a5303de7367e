"""The calendar in force: the stored notices, with the office hours and the pace of this installation."""

from collections.abc import Sequence

from domain.store_ports import Store, StoreSession
from domain.working_calendar import OfficeHours, WorkingCalendar, YearNotice


class StoredCalendar:
    def __init__(
        self,
        store: Store,
        *,
        office: OfficeHours | None = None,
        compressed_day_seconds: int | None = None,
        receipt_outside_hours_counts_next_day: bool = True,
    ) -> None:
        self._store = store
        self._current: WorkingCalendar | None = None
        self._rules = WorkingCalendar(
            version="unversioned",
            office=office or OfficeHours(),
            compressed_day_seconds=compressed_day_seconds,
            receipt_outside_hours_counts_next_day=receipt_outside_hours_counts_next_day,
        )

    async def current(self) -> WorkingCalendar:
        """Equal content has the same version, in every process."""
        async with self._store.reading() as session:
            return self._of(await session.calendars.notices())

    async def within(self, session: StoreSession) -> WorkingCalendar:
        await session.calendars.hold()
        return self._of(await session.calendars.notices())

    def _of(self, notices: Sequence[YearNotice]) -> WorkingCalendar:
        years = tuple(notices)
        if self._current is None or self._current.years != years:
            content = self._rules.model_copy(update={"years": years})
            self._current = content.model_copy(update={"version": f"stored-{content.fingerprint()}"})
        return self._current
