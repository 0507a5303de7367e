"""How activities are called: every timeout and retry of a case in one place."""

from datetime import timedelta
from typing import TypedDict

from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityCancellationType


class CallOptions(TypedDict, total=False):
    start_to_close_timeout: timedelta
    schedule_to_close_timeout: timedelta
    retry_policy: RetryPolicy
    cancellation_type: ActivityCancellationType


_PATIENT = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(minutes=5)
)

DELIVER = CallOptions(
    start_to_close_timeout=timedelta(seconds=60),
    retry_policy=_PATIENT,
    cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
)
"""Until the department has it: an outage of days must not lose a request. Cancelled, it ends with its attempt."""

AWAIT_CALLBACK = CallOptions(
    # The server counts this from the moment the activity waits for its callback. The ladder chases silence, not this.
    start_to_close_timeout=timedelta(days=3650),
    retry_policy=_PATIENT,
    cancellation_type=ActivityCancellationType.TRY_CANCEL,
)

AWAIT_POLLED = CallOptions(
    start_to_close_timeout=timedelta(seconds=60),
    retry_policy=_PATIENT,
    cancellation_type=ActivityCancellationType.TRY_CANCEL,
)
"""One poll an attempt; the pause between two polls comes with the attempt's failure."""

WITHDRAW = CallOptions(
    start_to_close_timeout=timedelta(seconds=60), schedule_to_close_timeout=timedelta(hours=1), retry_policy=_PATIENT
)

NOTICE = CallOptions(
    start_to_close_timeout=timedelta(seconds=60), schedule_to_close_timeout=timedelta(hours=12), retry_policy=_PATIENT
)

RECORD = CallOptions(
    start_to_close_timeout=timedelta(seconds=30),
    retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=30)),
)
"""Until the store has it: an outage of the store delays the projection and loses nothing."""
