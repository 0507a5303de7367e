"""Which right each decision needs, as far as the decision's own content tells."""

from collections.abc import Mapping
from typing import Final

from domain.any_decision import AnyDecision
from domain.assignment import AnswerExternal
from domain.conference import EscalateCase
from domain.decision import NEGATIVE_OUTCOMES, CloseCase, Decision
from domain.deferral import ApproveDeferral, ClearSuspicion, ExtendRectification, FailDeferral, SubmitMaterial
from domain.disable_department import HandOverRound
from domain.joint_decision import ConfirmAct, ProposeAct
from domain.learned_years import LearnYears
from domain.supplement import ReceiveSupplement
from services.access import Action

_RIGHTS: Final[Mapping[type[Decision], Action]] = {
    AnswerExternal: Action.ANSWER_EXTERNAL,
    ReceiveSupplement: Action.RECORD_MATERIAL,
    SubmitMaterial: Action.RECORD_MATERIAL,
    ApproveDeferral: Action.OVERRIDE,
    FailDeferral: Action.OVERRIDE,
    ExtendRectification: Action.OVERRIDE,
    ProposeAct: Action.OVERRIDE,
    ConfirmAct: Action.CONFIRM,
    EscalateCase: Action.ESCALATE,
    ClearSuspicion: Action.CLEAR_SUSPICION,
    HandOverRound: Action.ADMINISTER,
    LearnYears: Action.ADMINISTER,
}


def right_for(decision: AnyDecision) -> Action:
    """DECIDE unless the decision is somebody else's part, or a signature."""
    if isinstance(decision, CloseCase) and decision.outcome in NEGATIVE_OUTCOMES:
        return Action.SIGN_NEGATIVE
    if isinstance(decision, ReceiveSupplement) and decision.enough:
        # Going on without what was asked for is a judgement, not a record
        return Action.DECIDE
    return _RIGHTS.get(type(decision), Action.DECIDE)
