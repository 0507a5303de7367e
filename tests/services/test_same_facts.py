"""X-7: the same facts after a lawful refusal are linked and explained; only something new is asked about again."""

import hashlib

import pytest

from domain.case import CaseRecord, Item
from domain.codes import CaseStage, Cause, Outcome, TriageDecision
from domain.errors import ErrorCategory, LiandongError
from domain.fact import Fact, FactKind
from services.register_case import register_case
from services.seals import Seals
from services.triage_case import TriageInput, triage_case
from tests.services.conftest import CLERK, LEADER, Window, registration

COORDINATE = TriageInput(decision=TriageDecision.COORDINATE, cause=Cause.LAW_BAR)
EXPLAIN = TriageInput(
    decision=TriageDecision.RESOLVE_ON_SPOT, cause=Cause.LAW_BAR, advice="书面说明：依据第六条不予办理"
)


async def ended(window: Window, outcome: Outcome) -> CaseRecord:
    record = await window.launched()
    await window.engine.close(record.case_id, outcome)
    return record


async def again(window: Window, external_id: str = "ext-2", **changes: object) -> CaseRecord:
    made = await register_case(window.office, CLERK, registration(external_id=external_id, **changes))
    return made.record


async def test_the_same_facts_are_linked_and_explained_without_asking_anybody(window: Window) -> None:
    refused = await ended(window, Outcome.LAWFULLY_REFUSED)
    second = await again(window)
    assert second.lineage.same_facts_as == refused.case_id
    (linked,) = await window.facts(second.case_id, FactKind.SAME_FACTS)
    assert linked.fact.data == {"refused_in": refused.case_id}
    with pytest.raises(LiandongError) as caught:
        await triage_case(window.office, LEADER, second.case_id, COORDINATE)
    assert (caught.value.code, caught.value.category) == ("same-facts-again", ErrorCategory.CONFLICT)
    assert refused.case_id in caught.value.detail
    explained = await triage_case(window.office, LEADER, second.case_id, EXPLAIN)
    assert explained.outcome is not None
    assert explained.outcome.outcome is Outcome.EXPLAINED
    assert explained.outcome.reason == EXPLAIN.advice
    assert list(window.engine.launches) == [refused.case_id], "no new fan-out"


async def test_new_evidence_reopens_with_lineage(window: Window) -> None:
    refused = await ended(window, Outcome.LAWFULLY_REFUSED)
    second = await again(window)
    new = COORDINATE.model_copy(update={"new_evidence": "新的收入证明"})
    triaged = await triage_case(window.office, LEADER, second.case_id, new)
    assert triaged.stage is CaseStage.TRIAGED
    assert (triaged.lineage.reopened_from, triaged.lineage.generation) == (refused.case_id, 2)
    assert await triage_case(window.office, LEADER, second.case_id, new) == triaged
    assert (await window.record(refused.case_id)).lineage.reopened_as == (second.case_id,)
    for case_id in (refused.case_id, second.case_id):
        (told,) = await window.facts(case_id, FactKind.REOPENED)
        assert "新的收入证明" not in told.fact.model_dump_json()


@pytest.mark.parametrize("blank", ["", "   "])
async def test_a_blank_is_nothing_new(window: Window, blank: str) -> None:
    await ended(window, Outcome.LAWFULLY_REFUSED)
    second = await again(window)
    new = COORDINATE.model_copy(update={"new_evidence": blank})
    with pytest.raises(LiandongError) as caught:
        await triage_case(window.office, LEADER, second.case_id, new)
    assert caught.value.code == "same-facts-again"


async def test_a_refusal_that_came_after_the_registration_counts_at_triage(window: Window) -> None:
    first = await window.launched()
    second = await again(window)
    assert second.lineage.same_facts_as is None
    await window.engine.close(first.case_id, Outcome.LAWFULLY_REFUSED)
    with pytest.raises(LiandongError) as caught:
        await triage_case(window.office, LEADER, second.case_id, COORDINATE)
    assert caught.value.code == "same-facts-again"


async def test_another_outcome_another_item_or_another_party_is_another_matter(window: Window) -> None:
    done = await ended(window, Outcome.DONE)
    assert (await again(window, "a")).lineage.same_facts_as is None
    other_item = await again(window, "c", item=Item(name="排水许可"))
    requester = registration().requester
    other_party = requester.model_copy(update={"resident_id": "310000195512310025"})
    other = await again(window, "d", requester=other_party)
    assert done.matter_print != other_item.matter_print != other.matter_print
    assert done.party_print == other_item.party_print
    assert done.party_print != other.party_print


async def test_writing_it_otherwise_does_not_make_it_another_matter(window: Window) -> None:
    refused = await ended(window, Outcome.LAWFULLY_REFUSED)
    requester = registration().requester.model_copy(update={"name": "反映人 甲", "contact": None})
    second = await again(window, item=Item(name=" 食品 经营许可 "), requester=requester)
    assert second.lineage.same_facts_as == refused.case_id


async def test_a_fingerprint_tells_nothing_without_its_key(window: Window) -> None:
    record = await window.register()
    requester = registration().requester
    assert record.party_print is not None
    plain = hashlib.sha256((requester.resident_id or "").encode()).hexdigest()
    assert record.party_print not in (plain, Seals(b"another key of at least 32 bytes!").party(requester))
    anonymous = requester.model_copy(update={"resident_id": None, "contact": None})
    assert window.office.seals.party(anonymous) is None, "an equal name alone proves nothing"
    with pytest.raises(ValueError, match="32 bytes"):
        Seals(b"short")


async def test_the_partys_unrepaired_revocations_are_found(window: Window) -> None:
    revoked = await ended(window, Outcome.REVOKED)
    await again(window)
    assert revoked.party_print is not None
    async with window.store.reading() as session:
        assert await session.cases.revoked_of_party(revoked.party_print) == [revoked.case_id]
        assert await session.cases.revoked_of_party("0" * 64) == []
    repaired = Fact(
        fact_id="repaired",
        case_id=revoked.case_id,
        kind=FactKind.DISHONESTY_REPAIRED,
        at=window.wall.at,
        actor="user:l",
    )
    async with window.store.writing() as session:
        await session.facts.append(revoked.case_id, [repaired])
    async with window.store.reading() as session:
        assert await session.cases.revoked_of_party(revoked.party_print) == []
