"""What a decision is about, and under which key it was sent."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Path

from api.routers.cases import CaseId
from api.schemas.decision import DecisionBody, RequestDecisionBody, command_id
from api.schemas.plan import KEY
from domain.codes import Technique
from domain.department import DepartmentRoute
from domain.ids import request_id
from domain.person import Person

IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[!-~]{1,120}$",
        description="幂等键 · Chosen by the client, one per intended decision. The same person sending the same "
        "operation on the same subject under the same key gets the first effect again; another body is a conflict.",
        examples=["6c1f2b7e-extend-dissolve"],
    ),
]
AskKey = Annotated[str, Path(pattern=KEY, description="Key of the ask in the plan.", examples=["dissolve"])]
MaterialId = Annotated[
    str,
    Path(
        pattern=r"^LD-\d{4}-\d{6,9}\.[a-z][a-z0-9_-]{0,40}$",
        description="材料编号 · As the case shows it.",
        examples=["LD-2023-000001.change-m1"],
    ),
]
ProposalId = Annotated[
    str, Path(pattern=r"^[a-z-]{1,40}\.[0-9a-f]{40}$", description="提请编号 · As the case shows it.")
]


@dataclass(frozen=True)
class Subject:
    """What a decision is about, and under which key."""

    case_id: str
    idempotency_key: str
    request_id: str = ""
    part: str = ""
    """A material or a proposal."""

    def decision(self, operation: str, person: Person, body: DecisionBody) -> dict[str, object]:
        """The fields that every decision has."""
        common = self.reasoned(operation, person, body.reason, body.authority)
        if isinstance(body, RequestDecisionBody):
            common |= {"request_id": self.request_id, "round": body.round}
        return common

    def reasoned(self, operation: str, person: Person, reason: str, authority: str | None = None) -> dict[str, object]:
        subject = self.part or self.request_id or self.case_id
        return {
            "command_id": command_id(person, subject, operation, self.idempotency_key),
            "decided_by": person.actor,
            "reason": reason,
            "authority": authority,
        }


def named(code: str) -> DepartmentRoute:
    """Only the code counts: the use case takes the way there from the directory."""
    return DepartmentRoute(code=code, technique=Technique.WEBHOOK)


async def _case(case_id: CaseId, idempotency_key: IdempotencyKey) -> Subject:
    return Subject(case_id, idempotency_key)


async def _request(case_id: CaseId, key: AskKey, idempotency_key: IdempotencyKey) -> Subject:
    return Subject(case_id, idempotency_key, request_id(case_id, key))


async def _material(case_id: CaseId, material_id: MaterialId, idempotency_key: IdempotencyKey) -> Subject:
    return Subject(case_id, idempotency_key, part=material_id)


async def _proposal(case_id: CaseId, proposal_id: ProposalId, idempotency_key: IdempotencyKey) -> Subject:
    return Subject(case_id, idempotency_key, part=proposal_id)


OnCase = Annotated[Subject, Depends(_case)]
OnRequest = Annotated[Subject, Depends(_request)]
OnMaterial = Annotated[Subject, Depends(_material)]
OnProposal = Annotated[Subject, Depends(_proposal)]
