"""Every command that a running case understands."""

from typing import Annotated

from pydantic import Field, TypeAdapter

from domain.assignment import AddAsk, AnswerExternal, AskAgain, ProceedWith, ReassignRequest, WithdrawRequest
from domain.conference import EscalateCase, RecordMinutes
from domain.decision import CloseCase, WeighAnswers, WithdrawCase
from domain.deferral import (
    ApproveDeferral,
    ClearSuspicion,
    ExtendMaterial,
    ExtendRectification,
    FailDeferral,
    SubmitMaterial,
)
from domain.disable_department import HandOverRound
from domain.joint_decision import ConfirmAct, ProposeAct
from domain.learned_years import LearnYears
from domain.objection import ConveneConference, Designate
from domain.supplement import IssueSupplementNotice, ReceiveSupplement
from domain.time_decision import AnswerExtension, ExtendRequest, PauseRequest, ResumeRequest

AnyDecision = Annotated[
    ReassignRequest
    | AskAgain
    | WithdrawRequest
    | ProceedWith
    | AddAsk
    | AnswerExternal
    | ConveneConference
    | Designate
    | ExtendRequest
    | AnswerExtension
    | PauseRequest
    | ResumeRequest
    | IssueSupplementNotice
    | ReceiveSupplement
    | RecordMinutes
    | EscalateCase
    | ApproveDeferral
    | SubmitMaterial
    | ExtendMaterial
    | FailDeferral
    | ExtendRectification
    | ClearSuspicion
    | ProposeAct
    | ConfirmAct
    | WeighAnswers
    | WithdrawCase
    | CloseCase
    | HandOverRound
    | LearnYears,
    Field(discriminator="kind"),
]

DECISION: TypeAdapter[AnyDecision] = TypeAdapter(AnyDecision)
