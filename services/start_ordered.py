"""Hand a stored launch to the engine; used at once by the launch and later by the relay."""

import logging

from domain.case import CaseRecord, LaunchIntent
from domain.codes import CaseStage
from domain.launch import CaseLaunch
from services.office import Office

_log = logging.getLogger(__name__)


async def start_ordered(office: Office, intent: LaunchIntent, launch: CaseLaunch | None = None) -> CaseRecord | None:
    """The case once the engine has it, else None: an ordered launch is never forgotten, its failure stays with it.

    `launch`: what the intent holds, by whoever has it at hand.
    """
    try:
        await office.engine.start(launch or CaseLaunch.model_validate_json(intent.launch_json))
    except Exception as error:
        failure = getattr(error, "code", type(error).__name__)
        _log.warning("launch of %s did not reach the engine: %s", intent.case_id, failure)
        await _keep(office, intent, str(failure))
        return None
    return await _done(office, intent)


async def _keep(office: Office, intent: LaunchIntent, failure: str) -> None:
    async with office.store.writing() as session:
        current = await session.intents.get(intent.case_id)
        if current is not None and current.done_at is None:
            update = {"attempts": current.attempts + 1, "last_error": failure}
            await session.intents.save(current.model_copy(update=update))


async def _done(office: Office, intent: LaunchIntent) -> CaseRecord:
    async with office.store.writing() as session:
        record = await session.cases.get(intent.case_id, lock=True)
        await session.intents.save(intent.model_copy(update={"done_at": office.time.now(), "last_error": None}))
        if record.stage is CaseStage.LAUNCHING:
            record = record.model_copy(update={"stage": CaseStage.COORDINATING})
            await session.cases.save(record)
    return record
