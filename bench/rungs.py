"""The rungs: how a case of each is started, when it has ended, and which processes worked for it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle, WorkflowHistoryEventFilterType

from bench.bare_worker import Values
from bench.office import Counter
from bench.policy import TEXT, launch
from bench.shape import DEPARTMENTS, BareCase, TypedCase, case_queue
from workflows.search_attributes import at_start

TITLES = {
    "L1": "start and four signals, no worker",
    "L2": "bare workflow, same commands",
    "L3": "+ sandbox",
    "L4": "+ pydantic, our values",
    "L5": "+ encryption",
    "L7": "+ signed HTTP both ways",
    "L8": "the engine",
}
BARE = {
    "L2": (False, Values.JSON),
    "L3": (True, Values.JSON),
    "L4": (True, Values.PYDANTIC),
    "L5": (True, Values.SEALED),
    "L7": (True, Values.SEALED),
}
"""Sandbox and values of the rungs that have a worker of their own."""


class LostCaseError(RuntimeError):
    """A case ended otherwise than by its answers."""


@dataclass
class Rung(ABC):
    name: str
    client: Client
    processes: Mapping[str, int]
    """Role → process id, the server apart."""

    async def prepare(self, number: int) -> list[str]:
        """Case numbers, ready to be started."""
        return [self.case_id() for _ in range(number)]

    @abstractmethod
    def case_id(self) -> str: ...

    @abstractmethod
    async def see_through(self, case_id: str) -> None:
        """Start the case and return when it has ended. Raises LostCaseError."""

    async def tidy(self, case_ids: list[str]) -> list[str]:
        """After the window; returns what was lost."""
        del case_ids
        return []

    def handle(self, case_id: str) -> "WorkflowHandle[object, object]":
        return self.client.get_workflow_handle(case_id)

    async def size(self, case_id: str) -> tuple[int, int]:
        """Events and bytes of the history."""
        described = await self.handle(case_id).describe()
        return described.history_length, described.raw_description.workflow_execution_info.history_size_bytes


async def ended(handle: "WorkflowHandle[object, object]") -> None:
    """One long poll, the same for every rung; nothing is decoded."""
    closing = WorkflowHistoryEventFilterType.CLOSE_EVENT
    async for event in handle.fetch_history_events(wait_new_event=True, event_filter_type=closing):
        if event.event_type != EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
            raise LostCaseError(f"{handle.id} ended with {EventType.Name(event.event_type)}")


@dataclass
class Calls(Rung):
    """L1: what the server alone takes for a start and a signal from each department."""

    _serial: "count[int]" = field(default_factory=lambda: count(1))

    def case_id(self) -> str:
        return f"bench-{self.name}-{next(self._serial)}"

    async def see_through(self, case_id: str) -> None:
        handle = await self.client.start_workflow("Nobody", {"case_id": case_id}, id=case_id, task_queue="bench-nobody")
        for code in DEPARTMENTS:
            await handle.signal("answer", {"request": code, "code": "ACCEPTED"})

    async def tidy(self, case_ids: list[str]) -> list[str]:
        for case_id in case_ids:
            await self.handle(case_id).terminate("the benchmark is over")
        return []


@dataclass
class Bare(Rung):
    """L2 to L7: a workflow with our commands and none of our work."""

    _serial: "count[int]" = field(default_factory=lambda: count(1))

    def case_id(self) -> str:
        return f"LD-900{self.name[1:]}-{next(self._serial):06d}"

    async def see_through(self, case_id: str) -> None:
        queue = case_queue(self.name)
        order = launch(case_id)
        attributes = at_start(order)
        if BARE[self.name][1] is Values.JSON:
            given = {"case_id": case_id, "rung": self.name, "text": TEXT}
            await self.client.start_workflow(
                BareCase.run, given, id=case_id, task_queue=queue, search_attributes=attributes
            )
        else:
            await self.client.start_workflow(
                TypedCase.run, args=[order, self.name], id=case_id, task_queue=queue, search_attributes=attributes
            )
        await ended(self.handle(case_id))


@dataclass
class Engine(Rung):
    """L8: from the duty leader's launch to the outcome; registration and triage come before the window."""

    counter: Counter = field(kw_only=True)

    def case_id(self) -> str:
        raise NotImplementedError("the product numbers its cases itself")

    async def prepare(self, number: int) -> list[str]:
        return [await self.counter.ready_for_launch() for _ in range(number)]

    async def see_through(self, case_id: str) -> None:
        await self.counter.launch(case_id)
        await ended(self.handle(case_id))

    async def tidy(self, case_ids: list[str]) -> list[str]:
        return [lost for case_id in case_ids for lost in await self.counter.lost_answers(case_id)]
