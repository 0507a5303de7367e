"""A rung looks into the inbox first: for a receipt where it chases one, for an answer everywhere else."""

from datetime import UTC, datetime

from temporalio.testing import ActivityEnvironment

from activities.notice import NoticeActivities
from adapters.notice_recorder import NoticeRecorder
from domain.clock import ClockKind
from domain.notice import RungFiring

DUE = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Acknowledged:
    """The port `PendingAnswers`: a receipt has come, and no answer."""

    async def in_time(self, _request_id: str, _round: int, _due_at: datetime) -> str | None:
        return None

    async def signed_in_time(self, _request_id: str, _round: int, due_at: datetime) -> str | None:
        return "inbox-1" if due_at == DUE else None


def firing(clock: ClockKind) -> RungFiring:
    return RungFiring(
        case_id="LD-2026-000001",
        request_id="LD-2026-000001.permit",
        round=1,
        department="market",
        rung=f"{clock.value}_overdue",
        clock=clock,
        due_at=DUE,
        planned_at=DUE,
        tell=("duty_leader",),
        channel="notice",
    )


async def test_nobody_is_chased_for_a_receipt_that_only_waits_to_be_applied() -> None:
    notices = NoticeRecorder()
    activities = NoticeActivities({"notice": notices}, Acknowledged())
    signing = await ActivityEnvironment().run(activities.fire_rung, firing(ClockKind.SIGN_FOR))
    reply = await ActivityEnvironment().run(activities.fire_rung, firing(ClockKind.REPLY))
    assert (signing.held_by, reply.held_by) == ("inbox-1", None)
    assert [one.clock for one in notices.sent] == [ClockKind.REPLY]
