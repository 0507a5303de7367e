"""Activities on a department's own queue: deliver a round, await its reply, tell that it is over."""

from collections.abc import Mapping
from datetime import timedelta

from pydantic import JsonValue
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.outage import OutageWatch
from domain.codes import ReplyCode, Technique
from domain.department import DepartmentRoute
from domain.department_failure import DepartmentDisabled, DepartmentRefusal, DepartmentUnavailable
from domain.dispatch import Dispatch, Receipt, RoundRef, Withdrawal
from domain.ids import round_id
from domain.inbox import MAX_NOTES_PER_ROUND
from domain.poll_pace import poll_pause
from domain.ports import DepartmentAdapter, OutageReporter, TimeSource
from domain.proof import Proof
from domain.reply import RawAnswer

DISABLED_PAUSE = timedelta(seconds=30)
"""Until a switched-off department is looked at again: it may have come back before its rounds were handed over."""


class DepartmentActivities:
    """Needs only the department's adapter, so that it can run inside that department's network."""

    def __init__(
        self, adapters: Mapping[Technique, DepartmentAdapter], time: TimeSource, reporter: OutageReporter | None = None
    ) -> None:
        """`reporter` None: cases are not told of outages."""
        self._adapters = adapters
        self._time = time
        self._outages = OutageWatch(reporter)

    @activity.defn(name="deliver_request")
    async def deliver_request(self, dispatch: Dispatch) -> Receipt:
        """Send one round under its idempotency key; retried until the department has it or refuses it for good."""
        try:
            return await self._adapter(dispatch.department).deliver(dispatch)
        except DepartmentUnavailable as error:
            await self._outages.down(dispatch, error)
            raise _try_again(error) from error
        except DepartmentDisabled as error:
            raise _handed_over_soon(error) from error
        except DepartmentRefusal as error:
            raise _refused(error) from error

    @activity.defn(name="await_reply")
    async def await_reply(self, ref: RoundRef) -> JsonValue:
        """Wait for the reply, without any side effect, so that it may run twice or be lost in a crash.

        A reply that comes by itself arrives at our inbox, which completes this activity by its id. Any other
        department is asked once per attempt.
        """
        if ref.department.technique.calls_back:
            activity.raise_complete_async()
        pause = poll_pause(ref, self._time.now())
        try:
            reply = await self._adapter(ref.department).poll(ref)
        except DepartmentUnavailable as error:
            await self._outages.down(ref, error)
            raise _try_again(error, at_least=pause) from error
        except DepartmentDisabled as error:
            raise _handed_over_soon(error) from error
        except DepartmentRefusal as error:
            raise _refused(error) from error
        if reply is None or _heard(reply.reply, ref):
            await self._outages.up(ref)
            raise ApplicationError(
                "no reply yet", type="NoReplyYet", category=ApplicationErrorCategory.BENIGN, next_retry_delay=pause
            )
        poll = f"poll:{round_id(ref.request_id, ref.round)}"
        answer = RawAnswer(reply=reply.reply, received_at=self._time.now(), ref=poll, proof=reply.proof)
        return answer.model_dump(mode="json")

    @activity.defn(name="withdraw_request")
    async def withdraw_request(self, withdrawal: Withdrawal) -> Proof | None:
        """Tell the department that nobody waits for its answer any more."""
        try:
            return await self._adapter(withdrawal.department).withdraw(withdrawal)
        except DepartmentUnavailable as error:
            await self._outages.down(withdrawal, error)
            raise _try_again(error) from error
        except DepartmentRefusal as error:
            raise _refused(error) from error

    def _adapter(self, department: DepartmentRoute) -> DepartmentAdapter:
        adapter = self._adapters.get(department.technique)
        if adapter is None:
            # A configuration gap of this worker, not the case's fault: retried until somebody mends it.
            raise ApplicationError(f"this worker has no adapter for {department.technique}", type="NoAdapter")
        return adapter


def _heard(reply: JsonValue, ref: RoundRef) -> bool:
    """A progress note that the case has already. News come one a pause at most, however fast a system talks, and only
    so many for one round."""
    if not isinstance(reply, dict) or reply.get("code") != ReplyCode.INTERIM:
        return False
    if ref.notes >= MAX_NOTES_PER_ROUND:
        return True
    return ref.heard is not None and (reply.get("note") == ref.heard or activity.info().attempt == 1)


def _try_again(error: DepartmentUnavailable, *, at_least: timedelta | None = None) -> ApplicationError:
    delay = at_least
    if error.retry_after_seconds is not None:
        asked = timedelta(seconds=error.retry_after_seconds)
        delay = max(asked, at_least) if at_least else asked
    # Benign for the log: the circuit breaker and the case tell of an outage, not a traceback per attempt.
    benign = ApplicationErrorCategory.BENIGN
    return ApplicationError(str(error), type="DepartmentUnavailable", category=benign, next_retry_delay=delay)


def _handed_over_soon(error: DepartmentDisabled) -> ApplicationError:
    """No refusal: the order that ends this round is on its way, and it alone knows who switched the department off."""
    benign = ApplicationErrorCategory.BENIGN
    return ApplicationError(str(error), type="DepartmentDisabled", category=benign, next_retry_delay=DISABLED_PAUSE)


def _refused(error: DepartmentRefusal) -> ApplicationError:
    proof = [error.proof.model_dump(mode="json")] if error.proof else []
    return ApplicationError(str(error), *proof, type="DepartmentRefusal", non_retryable=True)
