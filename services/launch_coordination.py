"""Launch: the duty leader orders a coordination, durably, whether or not the engine is there."""

from domain.case import CaseRecord, LaunchIntent
from domain.codes import CaseStage
from domain.deferral import DeferralGrounds
from domain.errors import conflict
from domain.fact import Fact, FactKind
from domain.launch import EDITION, CaseLaunch
from domain.person import Person
from domain.plan import Ask, Plan
from domain.plan_completion import Circumstances
from services.access import Action, open_case
from services.deferral_grounds import deferral_grounds
from services.launch_circumstances import circumstances, sound_plan
from services.office import Office
from services.start_ordered import start_ordered
from services.visibility import visible_record


async def launch_coordination(office: Office, person: Person, case_id: str, plan: Plan) -> CaseRecord:
    """Store the order, then start the case at once if the engine answers; else the relay starts it later.

    The record's stage tells which: COORDINATING or LAUNCHING. The same plan again returns the same record; another
    one is CONFLICT `already-launched`. Raises INVALID `plan-unsound` with all problems.
    """
    async with office.store.writing() as session:
        record = await open_case(session, person, Action.LAUNCH, case_id, lock=True)
        if record.launched_at is not None:
            if record.plan is not None and _same(record.plan, plan):
                return visible_record(person, record)
            raise conflict("already-launched", "this case was launched already, with another plan")
        # Within the transaction: a notice is loaded before it, or afterwards and then reaches this case too
        calendar = await office.calendar.within(session)
        given = await circumstances(office, session, record, calendar, office.time.now())
        completed = sound_plan(plan, given)
        grounds = await deferral_grounds(session, record, given)
        launch = _launch(case_id, person, completed, given, grounds)
        intent = LaunchIntent(case_id=case_id, requested_at=given.launch_at, launch_json=launch.model_dump_json())
        update = {
            "stage": CaseStage.LAUNCHING,
            "owner": person.person_id,
            "plan": completed,
            "launched_at": given.launch_at,
            "decision_clock": None,
            "decision_due_at": None,
        }
        record = record.model_copy(update=update)
        await session.cases.save(record)
        await session.intents.add(intent)
        await session.facts.append(case_id, [_ordered(launch)])
    return await start_ordered(office, intent, launch) or record


def _same(stored: Plan, asked: Plan) -> bool:
    """Whether what was asked for is what was launched; limits left open were filled in and count as the same."""
    if len(stored.asks) != len(asked.asks) or (stored.completion, stored.quorum) != (asked.completion, asked.quorum):
        return False
    return all(_same_ask(*pair) for pair in zip(stored.asks, asked.asks, strict=True))


def _same_ask(stored: Ask, asked: Ask) -> bool:
    filled = {
        "fields": stored.fields,
        "silence_consents": stored.silence_consents,
        "reply_limit": asked.reply_limit or stored.reply_limit,
        "sign_limit": asked.sign_limit or stored.sign_limit,
    }
    return asked.model_copy(update=filled) == stored


def _launch(
    case_id: str, person: Person, completed: Plan, given: Circumstances, grounds: DeferralGrounds
) -> CaseLaunch:
    limits = given.policy.limits
    return CaseLaunch(
        case_id=case_id,
        launched_at=given.launch_at,
        launched_by=person.actor,
        duty_leader=person.person_id,
        cause=given.triage.cause,
        urgency=given.triage.urgency,
        plan=completed,
        # Not only those of the plan: a verifier, a reassignment or a fetch needs its way too
        routes=tuple(department.route() for department in given.reachable),
        calendar=given.calendar,
        ladder=given.policy.ladder,
        follow_up_limit=limits.external_follow_up,
        objection_limit=limits.objection,
        supplement_limit=limits.supplement,
        grounds=grounds,
        held_by=given.held_by(),
        outage_pauses=given.policy.outage_pauses,
        waits=given.policy.wait_limits,
        renewed_limit=limits.reply_urgent if given.urgent else limits.reply_normal,
        max_extensions=given.policy.max_extensions_per_round,
        edition=EDITION,
    )


def _ordered(launch: CaseLaunch) -> Fact:
    return Fact(
        fact_id=f"{launch.case_id}.launch-requested",
        case_id=launch.case_id,
        kind=FactKind.LAUNCH_REQUESTED,
        at=launch.launched_at,
        actor=launch.launched_by,
        data={"departments": ", ".join(launch.plan.departments), "calendar": launch.calendar.fingerprint()},
    )
