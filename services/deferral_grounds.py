"""What a conditional acceptance of this case will be judged on: policy, requester, and the party's record."""

from domain.case import CaseRecord
from domain.deferral import DeferralGrounds
from domain.plan_completion import Circumstances
from domain.store_ports import StoreSession


async def deferral_grounds(session: StoreSession, record: CaseRecord, given: Circumstances) -> DeferralGrounds:
    """Gathered at the launch and sealed in it, so that the case judges the same whenever it looks."""
    registration = given.registration
    item = given.policy.item(registration.item.code, registration.item.name)
    return DeferralGrounds(
        essential=item.essential if item else (),
        excluded_matter=item.excluded_matter if item else None,
        dishonesty_record=await has_dishonesty_record(session, record),
        declined_by_requester=registration.declines_deferral or given.triage.declines_deferral,
        rectify_limit=given.policy.limits.rectification,
    )


async def has_dishonesty_record(session: StoreSession, record: CaseRecord) -> bool:
    """Whether a result of this party was taken back for a broken promise that it has not made good since."""
    if record.party_print is None:
        return False
    for case_id in await session.cases.revoked_of_party(record.party_print):
        # Prints also match by name and contact, which proves too little for this
        earlier = await session.cases.get(case_id)
        if earlier.registration.requester.same_party(record.registration.requester):
            return True
    return False
