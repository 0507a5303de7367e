"""The calendar in force, with the district's office hours and the pace of this installation."""

from bootstrap.settings import Pace, Settings
from domain.policy import DistrictPolicy
from domain.store_ports import Store
from store.calendar_source import StoredCalendar


def stored_calendar(store: Store, policy: DistrictPolicy, settings: Settings) -> StoredCalendar:
    return StoredCalendar(
        store,
        office=policy.office_hours,
        compressed_day_seconds=_compressed_day_seconds(settings),
        receipt_outside_hours_counts_next_day=policy.receipt_outside_hours_counts_next_day,
    )


def _compressed_day_seconds(settings: Settings) -> int | None:
    if settings.pace.mode is not Pace.COMPRESSED:
        return None
    return max(1, round(settings.pace.seconds_per_working_day))
