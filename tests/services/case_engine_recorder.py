"""An engine in memory that behaves like a running case towards the use cases, and records as one does."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from domain.clock import Clock, ClockKind, due
from domain.codes import Outcome, RequestState, RoundEnd
from domain.decision import Decision
from domain.disable_department import HandOverRound
from domain.dispatch import DepartmentNote, RoundRef
from domain.errors import LiandongError, conflict, not_found, unavailable
from domain.fact import Fact, FactKind
from domain.ids import request_id, round_id
from domain.launch import CaseLaunch, CaseResult
from domain.learned_years import LearnedYears, LearnYears, still_new, with_all
from domain.plan import Ask, AskKind
from domain.ports import ProgressRecorder
from domain.reply import FINAL_REPLIES, Answer, RawAnswer, read_answer
from domain.rung_proof import ClockProofs, RungProof
from domain.snapshot import CaseProgress, CaseSnapshot, OutcomeRecord, RequestSnapshot, RoundSnapshot
from domain.waiting import Matter, WaitSnapshot

HISTORY_KEPT_FOR = timedelta(days=365)


class CaseEngineRecorder:
    """The port `CaseEngine`. `away` makes every call fail; `writes` False keeps the store behind."""

    def __init__(self, recorder: ProgressRecorder, now: Callable[[], datetime]) -> None:
        self._recorder = recorder
        self._now = now
        self.away = False
        self.writes = True
        self.dies_after_completing = False
        """The answer is in, and the caller never hears of it."""
        self.not_listening: set[str] = set()
        """Rounds whose wait has not begun."""
        self.broken: set[str] = set()
        """Cases whose calls fail in a way that nobody foresaw."""
        self.silent: set[str] = set()
        """Cases that cannot be shown, while everything else answers: nobody works on them."""
        self.stuck: set[str] = set()
        """Cases that do not answer in time, while the engine does."""
        self.refusal: LiandongError | None = None
        """What the case says to the next decisions."""
        self.launches: dict[str, CaseLaunch] = {}
        self.starts: Counter[str] = Counter()
        self.snapshots: dict[str, CaseSnapshot] = {}
        self.results: dict[str, CaseResult] = {}
        self.decisions: list[Decision] = []
        self.completions: list[tuple[RoundRef, RawAnswer]] = []
        self.failing: tuple[str, ...] = ()

    async def start(self, launch: CaseLaunch) -> None:
        self._answer(launch.case_id)
        self.starts[launch.case_id] += 1
        if launch.case_id in self.launches:
            return
        self.launches[launch.case_id] = launch
        requests = tuple(_request(launch, ask) for ask in launch.plan.asks)
        fresh = CaseSnapshot(case_id=launch.case_id, launched_at=launch.launched_at, requests=requests)
        await self._change(fresh, FactKind.LAUNCHED, actor=launch.launched_by)
        for request in requests:
            if request.rounds:
                await self._change(self.snapshots[launch.case_id], FactKind.ROUND_OPENED, (request.request_id, 1))

    async def complete_round(self, ref: RoundRef, answer: RawAnswer) -> bool:
        self._answer(ref.case_id)
        self.completions.append((ref, answer))
        turn = self.turn(ref.request_id, ref.round)
        listening = round_id(ref.request_id, ref.round) not in self.not_listening
        if turn is None or turn.ended_at is not None or not listening:
            return False
        read = read_answer(answer.model_dump(mode="json"))
        assert isinstance(read, Answer)
        final = read.reply.code in FINAL_REPLIES
        ended = {
            "ended_at": self._now(),
            "end": RoundEnd.FINAL if final else RoundEnd.TURN,
            "reply": read.reply.code,
            "answer_ref": answer.ref,
            "received_at": answer.received_at,
            "in_time": turn.due_at is None or answer.received_at <= turn.due_at,
            "clocks": tuple(
                clock.model_copy(update={"stopped_at": max(answer.received_at, clock.started_at)})
                for clock in turn.clocks
            ),
        }
        state = RequestState.ANSWERED if final else RequestState.DECISION
        shown = self.put(ref.request_id, turn.model_copy(update=ended), state)
        told = {"code": read.reply.code.value}
        actor = f"department:{ref.department.code}"
        await self._change(shown, FactKind.REPLIED, (ref.request_id, ref.round), actor=actor, data=told)
        if self.dies_after_completing:
            raise unavailable("engine-unavailable", "the connection broke after the answer was taken")
        return True

    async def note(self, note: DepartmentNote, case_id: str) -> bool:
        self._answer(case_id)
        if case_id not in self.launches or case_id in self.results:
            return False
        kind = FactKind.ACKNOWLEDGED if note.acknowledged else FactKind.INTERIM
        await self._change(self.snapshots[case_id], kind, (note.request_id, note.round))
        return True

    async def decide(self, case_id: str, decision: Decision) -> CaseSnapshot:
        self._answer(case_id)
        if self.refusal is not None:
            raise self.refusal
        if case_id not in self.snapshots:
            raise not_found("case-not-running", "the engine has no coordination of it")
        self.decisions.append(decision)
        if isinstance(decision, HandOverRound):
            await self._hand_over(decision)
        if isinstance(decision, LearnYears):
            await self._learn(case_id, decision)
        return self.snapshots[case_id]

    async def _learn(self, case_id: str, order: LearnYears) -> None:
        shown = self.snapshots[case_id]
        told = still_new(with_all(self.launches[case_id].calendar, shown.learned), order, amends=order.amends)
        if told.empty:
            self.decisions.pop()
            raise conflict("years-known", "it counts with the calendar in force already")
        learned = LearnedYears(at=self._now(), years=told.years, taken_back=told.taken_back)
        after = shown.model_copy(update={"learned": (*shown.learned, learned)})
        await self._change(after, FactKind.CALENDAR_LEARNED, actor=order.decided_by)

    async def _hand_over(self, order: HandOverRound) -> None:
        turn = self.turn(order.request_id, order.round or 0)
        if turn is None or turn.ended_at is not None:
            raise conflict("no-open-round", "no round is running")
        over = turn.model_copy(update={"ended_at": self._now(), "end": RoundEnd.DEPARTMENT_DISABLED})
        shown = self.put(order.request_id, over, RequestState.DECISION)
        shown = shown.model_copy(update={"waits": (*shown.waits, self._wait(order.request_id, turn.number))})
        where, told = (order.request_id, turn.number), {"reason": order.reason}
        await self._change(shown, FactKind.DEPARTMENT_DISABLED, where, actor=order.decided_by, data=told)

    def _wait(self, request: str, number: int) -> WaitSnapshot:
        """The duty leader's decision has a clock from the moment on that it is owed."""
        launch = self.launches[request.partition(".")[0]]
        wait_id, limit = f"{launch.case_id}.wait1", launch.waits.decision
        clock = Clock(clock_id=f"{wait_id}.decision", kind=ClockKind.DECISION, started_at=self._now(), limit=limit)
        return WaitSnapshot(
            wait_id=wait_id,
            matter=Matter.ANSWER,
            about=round_id(request, number),
            request_id=request,
            why="the department was switched off",
            deciders=Matter.ANSWER.deciders,
            clock=ClockProofs(clock=clock),
            due_at=due(clock, launch.calendar).at,
        )

    async def snapshot(self, case_id: str) -> CaseSnapshot:
        self._answer(case_id)
        if case_id in self.silent:
            raise unavailable("engine-unavailable", "the engine could not look at the case just now")
        if case_id not in self.snapshots:
            raise not_found("case-not-running", "no such coordination")
        return self.snapshots[case_id]

    async def result(self, case_id: str) -> CaseResult | None:
        self._answer(case_id)
        if case_id not in self.snapshots:
            raise not_found("case-not-running", "no such coordination")
        return self.results.get(case_id)

    async def failing_cases(self) -> Sequence[str]:
        self._answer()
        return self.failing

    async def keeps_history_for(self) -> timedelta:
        self._answer()
        return HISTORY_KEPT_FOR

    async def ready(self) -> str | None:
        return "the engine is away" if self.away else None

    async def show(self, case_id: str, **update: object) -> None:
        """The case has moved on by itself to a snapshot with these fields."""
        await self._change(self.snapshots[case_id].model_copy(update=update), FactKind.DECISION_NEEDED)

    async def close(self, case_id: str, outcome: Outcome) -> None:
        record = OutcomeRecord(outcome=outcome, decided_by="engine", decided_at=self._now(), reason="all have answered")
        shown = self.snapshots[case_id].model_copy(update={"outcome": record})
        await self._change(shown, FactKind.OUTCOME, data={"outcome": outcome.value})
        version = self.snapshots[case_id].version
        self.results[case_id] = CaseResult(case_id=case_id, version=version, outcome=record)

    async def prove(self, request: str, *rungs: RungProof) -> None:
        """Rungs of the first round left their proof."""
        turn = self.turn(request, 1)
        assert turn is not None
        shown = self.put(request, turn.model_copy(update={"rungs": (*turn.rungs, *rungs)}), RequestState.OPEN)
        await self._change(shown, FactKind.RUNG_FIRED, (request, 1))

    def turn(self, request: str, number: int) -> RoundSnapshot | None:
        shown = self.snapshots.get(request.partition(".")[0])
        turns = [turn for one in (shown.requests if shown else ()) if one.request_id == request for turn in one.rounds]
        return next((turn for turn in turns if turn.number == number), None)

    def put(self, request: str, turn: RoundSnapshot, state: RequestState) -> CaseSnapshot:
        shown = self.snapshots[request.partition(".")[0]]
        requests = tuple(
            one.model_copy(update={"rounds": (*one.rounds[: turn.number - 1], turn), "state": state})
            if one.request_id == request
            else one
            for one in shown.requests
        )
        return shown.model_copy(update={"requests": requests})

    async def _change(
        self,
        shown: CaseSnapshot,
        kind: FactKind,
        where: tuple[str, int] | tuple[None, None] = (None, None),
        *,
        actor: str = "engine",
        data: dict[str, str] | None = None,
    ) -> None:
        version = shown.version + 1
        self.snapshots[shown.case_id] = shown.model_copy(update={"version": version})
        fact = Fact(
            fact_id=f"{shown.case_id}/run00001/{version}",
            case_id=shown.case_id,
            kind=kind,
            at=self._now(),
            actor=actor,
            request_id=where[0],
            round=where[1],
            data=data or {},
        )
        if self.writes:
            await self._recorder.record(CaseProgress(snapshot=self.snapshots[shown.case_id], facts=(fact,)))

    def _answer(self, case_id: str = "") -> None:
        if self.away:
            raise unavailable("engine-unavailable", "the engine is away")
        if case_id in self.broken:
            raise RuntimeError("nobody foresaw this")
        if case_id in self.stuck:
            raise unavailable("engine-unavailable", "it does not answer in time")


def _request(launch: CaseLaunch, ask: Ask) -> RequestSnapshot:
    named = request_id(launch.case_id, ask.key)
    return RequestSnapshot(
        request_id=named,
        key=ask.key,
        kind=ask.kind,
        role=ask.role,
        text=ask.text,
        department=ask.department,
        party=ask.party,
        after=ask.after,
        state=RequestState.PENDING if ask.after else RequestState.OPEN,
        rounds=() if ask.after else (_first_round(launch, ask, named),),
    )


def _first_round(launch: CaseLaunch, ask: Ask, named: str) -> RoundSnapshot:
    kind = ClockKind.REPLY if ask.kind is AskKind.DEPARTMENT else ClockKind.EXTERNAL_FOLLOW_UP
    limit = ask.reply_limit or launch.follow_up_limit
    clock = Clock(clock_id=f"{named}.r1.{kind.value}", kind=kind, started_at=launch.launched_at, limit=limit)
    return RoundSnapshot(
        number=1,
        department=ask.department,
        opened_at=launch.launched_at,
        clocks=(clock,),
        due_at=due(clock, launch.calendar).at if ask.kind is AskKind.DEPARTMENT else None,
    )
