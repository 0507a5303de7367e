"""First contact and triage."""

from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas.values import AS_TEXT, Body, Line, Note, Reason
from domain.codes import Cause, TriageDecision, Urgency
from services.record_first_contact import FirstContactInput
from services.triage_case import TriageInput


class FirstContactBody(Body):
    """先行联系 · Somebody has spoken to the requester; the first-contact clock stops."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"channel": "phone", "note": "已说明将联系市场监管部门。"}]}
    )

    channel: Line = Field(description="phone, counter, …")
    note: Note = ""


class TriageBody(Body):
    """研判 · What kind of "cannot" it is, and what happens with it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"decision": "COORDINATE", "cause": "CROSS_DEPT", "urgency": "URGENT"},
                {
                    "decision": "RESOLVE_ON_SPOT",
                    "cause": "UNAWARE",
                    "advice": "在一网通办门户申请排水许可。",
                    "library_tag": "旧通知指引过时",
                },
                {"decision": "REFER_OUT", "cause": "OUT_OF_SCOPE", "refer_to": "12345"},
            ]
        }
    )

    decision: Annotated[TriageDecision, AS_TEXT]
    cause: Annotated[Cause, AS_TEXT]
    urgency: Annotated[Urgency, AS_TEXT] = Urgency.NORMAL
    category: Line | None = Field(default=None, description="The district's own category code.")
    advice: Reason | None = Field(default=None, description="RESOLVE_ON_SPOT: what was explained, and where to go.")
    refer_to: Line | None = Field(default=None, description="REFER_OUT: who is responsible instead.")
    complained_of: Line | None = Field(
        default=None, description="SUPERVISE: code of the unit complained of; nothing of the case is sent there."
    )
    library_tag: Line | None = Field(
        default=None, description="案例标签 · What the library of precedents finds the case under."
    )
    declines_deferral: bool = Field(
        default=False, description="反映人不接受容缺 · The requester wants no conditional acceptance."
    )
    new_evidence: Reason | None = Field(
        default=None, description="COORDINATE after a lawful refusal of the same matter: what is new."
    )


def to_first_contact(body: FirstContactBody) -> FirstContactInput:
    return FirstContactInput(channel=body.channel, note=body.note)


def to_triage(body: TriageBody) -> TriageInput:
    return TriageInput(**body.model_dump())
