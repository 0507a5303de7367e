"""Departments in memory: they keep what they are sent and answer from a script when its instant has come."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from pydantic import JsonValue

from adapters import callback
from adapters.department_secrets import DepartmentSecrets, SecretSource
from domain.department_failure import DepartmentUnavailable
from domain.dispatch import Dispatch, Receipt, RoundRef, Withdrawal
from domain.ids import round_id
from domain.inbox import DepartmentMessage
from domain.outage import Outage
from domain.reply import PolledReply

Script = Mapping[str, Sequence[tuple[datetime, JsonValue]]]
"""Answers by ask key or request id: the n-th is for round n. By round id (`….r2`): the first is for that round."""
Faults = Mapping[str, Sequence[Exception]]
"""Errors of the first deliveries, in order, by ask key, request id or round id."""


class DepartmentRecorder:
    """Plays every department. Callbacks are heard only with `secrets`; without them each is refused as unsigned."""

    def __init__(
        self,
        now: Callable[[], datetime],
        script: Script | None = None,
        *,
        faults: Faults | None = None,
        secrets: SecretSource | None = None,
    ) -> None:
        self._now = now
        self._script = dict(script or {})
        self._faults = {key: list(errors) for key, errors in (faults or {}).items()}
        self._secrets: SecretSource = secrets or DepartmentSecrets({})
        self._receipts: dict[str, Receipt] = {}
        self.sends: list[Dispatch] = []
        """Every delivery that arrived, repetitions and failed ones too."""
        self.polls: list[RoundRef] = []
        self.withdrawals: list[Withdrawal] = []
        self._down: list[tuple[str, Outage, datetime]] = []

    def goes_down(self, department: str, outage: Outage, until: datetime) -> None:
        """Its system takes nothing and says nothing in between."""
        self._down.append((department, outage, until))

    def answers(self, name: str, at: datetime, reply: JsonValue) -> None:
        """From now on the script says this, by ask key, request id or round id."""
        self._script[name] = [(at, reply)]

    @property
    def delivered(self) -> Mapping[str, Receipt]:
        """By idempotency key: what took effect, once each."""
        return self._receipts

    async def deliver(self, dispatch: Dispatch) -> Receipt:
        self.sends.append(dispatch)
        self._reach(dispatch.department.code)
        for name in _names(dispatch.request_id, dispatch.round):
            if self._faults.get(name):
                raise self._faults[name].pop(0)
        key = dispatch.idempotency_key
        if key not in self._receipts:
            number = f"{dispatch.department.code}-{len(self._receipts) + 1}"
            self._receipts[key] = Receipt(delivered_at=self._now(), receipt=number)
        return self._receipts[key]

    async def poll(self, ref: RoundRef) -> PolledReply | None:
        self.polls.append(ref)
        self._reach(ref.department.code)
        scripted = self._scripted(ref)
        if scripted is None or self._now() < scripted[0]:
            return None
        return PolledReply(reply=scripted[1])

    async def withdraw(self, withdrawal: Withdrawal) -> None:
        self._reach(withdrawal.department.code)
        self.withdrawals.append(withdrawal)

    def _reach(self, department: str) -> None:
        for code, outage, until in self._down:
            if code == department and outage.since <= self._now() < until:
                raise DepartmentUnavailable("circuit-open: by script", retry_after_seconds=600, outage=outage)

    def parse_callback(self, department: str, headers: Mapping[str, str], body: bytes) -> DepartmentMessage:
        return callback.receive(self._secrets.of(department).accepted_secrets, headers, body)

    def _scripted(self, ref: RoundRef) -> tuple[datetime, JsonValue] | None:
        exact, *by_request = _names(ref.request_id, ref.round)
        if self._script.get(exact):
            return self._script[exact][0]
        for name in by_request:
            answers = self._script.get(name, ())
            if len(answers) >= ref.round:
                return answers[ref.round - 1]
        return None


def _names(request_id: str, round_number: int) -> tuple[str, str, str]:
    """From the most to the least exact."""
    return round_id(request_id, round_number), request_id, request_id.rpartition(".")[2]
