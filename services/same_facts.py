"""The same facts again: an earlier lawful refusal of the same matter to the same party."""

from domain.case import CaseRecord
from domain.errors import LiandongError, conflict
from domain.fact import Fact, FactKind
from domain.lineage import ReopenCause
from domain.store_ports import StoreSession


async def earlier_refusal(session: StoreSession, record: CaseRecord) -> str | None:
    """The case that refused it. None for a reopened matter: that one is looked into again on purpose."""
    if record.matter_print is None or record.lineage.reopened_from is not None:
        return None
    found = await session.cases.lawfully_refused(record.matter_print)
    return found if found != record.case_id else None


def same_facts_again(earlier: str) -> LiandongError:
    return conflict(
        "same-facts-again",
        f"the same matter was lawfully refused in {earlier}: explain that in writing (RESOLVE_ON_SPOT), or state what "
        "is new",
    )


async def link_new_evidence(session: StoreSession, record: CaseRecord, earlier_id: str) -> CaseRecord:
    """Something is new: the triaged case becomes a reopening of the one that was refused. Visible in both."""
    if record.triage is None:
        raise ValueError("only a triaged case can say what is new")
    earlier = await session.cases.get(earlier_id, lock=True)
    lineage = record.lineage.model_copy(
        update={
            "generation": earlier.lineage.generation + 1,
            "reopened_from": earlier_id,
            "cause": ReopenCause.NEW_EVIDENCE,
            "new_evidence": record.triage.new_evidence,
            "same_facts_as": earlier_id,
        }
    )
    reopened = record.model_copy(update={"lineage": lineage})
    await session.cases.save(reopened)
    await session.cases.save(earlier.model_copy(update={"lineage": earlier.lineage.next(record.case_id)}))
    for fact in reopening_facts(reopened, record.triage.decided_by):
        await session.facts.append(fact.case_id, [fact])
    return reopened


def reopening_facts(reopened: CaseRecord, actor: str) -> tuple[Fact, Fact]:
    """One for each of the two cases. What is new stays in the case: facts are read by more people."""
    lineage = reopened.lineage
    earlier = lineage.reopened_from or ""
    at = reopened.triage.decided_at if reopened.triage else reopened.registered_at
    told = {"cause": lineage.cause.value if lineage.cause else "", "reason": lineage.reason}
    told = {name: value for name, value in told.items() if value}
    kind = FactKind.REOPENED
    return (
        Fact(
            fact_id=f"{reopened.case_id}.reopened-from",
            case_id=reopened.case_id,
            kind=kind,
            at=at,
            actor=actor,
            data=told | {"from": earlier, "generation": str(lineage.generation)},
        ),
        Fact(
            fact_id=f"{earlier}.reopened-as.{reopened.case_id}",
            case_id=earlier,
            kind=kind,
            at=at,
            actor=actor,
            data=told | {"as": reopened.case_id},
        ),
    )
