"""What a conditional acceptance of this case will be judged on: policy, requester, and the party's record."""

from domain.case import Requester
from domain.deferral import DeferralGrounds
from domain.fact import FactKind
from domain.plan_completion import Circumstances
from domain.store_ports import StoreSession


async def deferral_grounds(session: StoreSession, given: Circumstances) -> DeferralGrounds:
    """Gathered at the launch and sealed in it, so that the case judges the same whenever it looks."""
    registration = given.registration
    item = given.policy.item(registration.item.code, registration.item.name)
    return DeferralGrounds(
        essential=item.essential if item else (),
        excluded_matter=item.excluded_matter if item else None,
        dishonesty_record=await has_dishonesty_record(session, registration.requester),
        declined_by_requester=registration.declines_deferral or given.triage.declines_deferral,
        rectify_limit=given.policy.limits.rectification,
    )


async def has_dishonesty_record(session: StoreSession, requester: Requester) -> bool:
    """Whether a result of this party was taken back for a broken promise that it has not made good since."""
    for earlier in await session.cases.revoked():
        if not earlier.registration.requester.same_party(requester):
            continue
        facts = await session.facts.of_case(earlier.case_id)
        if not any(chained.fact.kind is FactKind.DISHONESTY_REPAIRED for chained in facts):
            return True
    return False
