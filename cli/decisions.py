"""Every decision that the API takes about a case: its name on the command line and its place in the API."""

from dataclasses import dataclass
from enum import StrEnum

from bootstrap.api_client import Json, segment


class About(StrEnum):
    """What a decision speaks of."""

    CASE = "case"
    REQUEST = "request"
    MATERIAL = "material"
    PROPOSAL = "proposal"


class DecisionError(ValueError):
    """The decision does not say, or says wrongly, what it is about."""


@dataclass(frozen=True)
class Decision:
    """`path` is below the case; `{part}` stands for the request key, the material or the proposal."""

    kind: str
    path: str
    zh: str
    en: str
    about: About = About.CASE
    fields: str = ""
    """Fields of the body apart from `reason`; optional ones with a question mark."""
    reasoned: bool = True
    """False: the body has no `reason`; what was said is its `note`."""
    authorised: bool = True
    """False: the body has no `authority`."""


_REQUEST, _MATERIAL, _PROPOSAL = About.REQUEST, About.MATERIAL, About.PROPOSAL

DECISIONS: dict[str, Decision] = {
    one.kind: one
    for one in (
        Decision("reassign", "requests/{part}/reassign", "改派", "another department", _REQUEST, "to reply_limit?"),
        Decision("ask-again", "requests/{part}/ask-again", "再次询问", "a new round", _REQUEST, "reply_limit?"),
        Decision("extend", "requests/{part}/extend", "延期", "more time", _REQUEST, "limit"),
        Decision(
            "answer-extension",
            "requests/{part}/answer-extension",
            "答复延期",
            "grant, cut or refuse",
            _REQUEST,
            "granted until?",
        ),
        Decision("pause", "requests/{part}/pause", "中止计时", "stop the clock", _REQUEST, "legal_basis"),
        Decision("resume", "requests/{part}/resume", "恢复计时", "let the clock go on", _REQUEST),
        Decision("proceed", "requests/{part}/proceed", "继续办理", "go on without a result", _REQUEST),
        Decision("withdraw-request", "requests/{part}/withdraw", "撤回请求", "ask no more", _REQUEST),
        Decision(
            "external-answer", "requests/{part}/external-answer", "外部答复", "a party's words", _REQUEST, "reply"
        ),
        Decision(
            "convene-conference",
            "requests/{part}/convene-conference",
            "召集会商",
            "after two returns",
            _REQUEST,
            "participants",
        ),
        Decision("designate", "requests/{part}/designate", "指定承办", "bindingly", _REQUEST, "to minutes support?"),
        Decision(
            "approve-deferral", "requests/{part}/deferral/approve", "容缺特批", "override a rule", _REQUEST, "authority"
        ),
        Decision(
            "fail-deferral",
            "requests/{part}/deferral/fail",
            "退件",
            "return a held file",
            _REQUEST,
            "legal_basis remedy",
        ),
        Decision(
            "extend-rectification",
            "requests/{part}/deferral/extend-rectification",
            "延长改正",
            "more time after a broken promise",
            _REQUEST,
            "limit authority",
        ),
        Decision("add-ask", "asks", "增派", "ask one more", fields="ask"),
        Decision("minutes", "minutes", "会议纪要", "record", fields="number held_at participants actions"),
        Decision("escalate", "escalate", "提级", "tell the next level", fields="level"),
        Decision("weigh", "weigh", "权衡", "whose answer stands", fields="prevails authority"),
        Decision(
            "propose",
            "proposals",
            "提请",
            "the first of two people",
            fields="act legal_basis request_id? outcome? remedy? report? support?",
        ),
        Decision("confirm", "proposals/{part}/confirm", "复核", "the second person", _PROPOSAL, "confirmed?"),
        Decision("supplement-notice", "supplement-notice", "一次性告知", "all at once", fields="legal_basis limit?"),
        Decision("supplement", "supplement", "补正材料", "what came", fields="received? received_at? enough?"),
        Decision(
            "submit-material", "materials/{part}/submit", "材料提交", "it came", _MATERIAL, "channel received_at?"
        ),
        Decision(
            "extend-material", "materials/{part}/extend", "材料延期", "more time", _MATERIAL, "limit force_majeure?"
        ),
        Decision("clear-suspicion", "materials/{part}/clear", "嫌疑核查", "genuine or not", _MATERIAL, "genuine"),
        Decision("repair-record", "dishonesty-repair", "信用修复", "made good", fields="authority"),
        Decision("withdraw", "withdraw", "撤回案件", "taken back"),
        Decision("close", "close", "办结", "with an outcome", fields="outcome legal_basis? remedy? report? support?"),
        Decision("reopen", "reopen", "重新办理", "a new case", fields="cause new_evidence?", authorised=False),
        Decision("call", "follow-up/call", "记录回访", "a call", fields="reached resolved?", reasoned=False),
        Decision("review-contact", "follow-up/review-contact", "差评联系", "spoken to", reasoned=False),
        Decision(
            "treat-review", "follow-up/treatment", "差评处置", "decide", fields="treatment limit?", authorised=False
        ),
        Decision("rectified", "follow-up/rectified", "整改完成", "put right", authorised=False),
    )
}


def path_of(decision: Decision, case: Json, named: str | None = None) -> str:
    """The path of this decision about a case as the API shows it. `named`: request key, material or proposal.

    A material or proposal may be left out when there is only one that waits. Raises DecisionError.
    """
    where = f"/v1/cases/{segment(case['case_id'])}/"
    if decision.about is About.CASE:
        if named is not None:
            raise DecisionError(f"此决定针对整个案件 · {decision.kind} is about the whole case")
        return where + decision.path
    part = _part(decision.about, case, named)
    return where + decision.path.format(part=segment(part))


def seen_round(decision: Decision, case: Json, named: str | None) -> int | None:
    """The request's latest round as the case shows it, which the decision is made on. None: it is about no request."""
    if decision.about is not About.REQUEST:
        return None
    key = _part(decision.about, case, named)
    requests = (case.get("coordination") or {}).get("requests", ())
    return next((len(one["rounds"]) for one in requests if one["key"] == key), 0)


def _part(about: About, case: Json, named: str | None) -> str:
    coordination = case.get("coordination") or {}
    prefix = f"{case['case_id']}."
    if about is About.PROPOSAL:
        known = [one["proposal_id"] for one in coordination.get("proposals", ()) if one["settled_at"] is None]
    elif about is About.MATERIAL:
        known = [one["material_id"] for group in coordination.get("deferrals", ()) for one in group["materials"]]
        named = prefix + named if named and not named.startswith(prefix) else named
    else:
        known = [one["key"] for one in coordination.get("requests", ())]
        named = named.removeprefix(prefix) if named else None
    if named is not None:
        # What is not known here may have come a moment ago: the API has the last word
        return named
    if len(known) == 1:
        return str(known[0])
    raise DecisionError(f"请指明 say which {about.value}: {', '.join(known) or 'this case has none'}")
