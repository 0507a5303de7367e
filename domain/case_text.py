"""Why a case waits and how it ended, in Chinese: read from its codes, so that what histories and facts hold stays."""

from collections.abc import Iterator
from typing import Final

from domain.clock import ClockKind
from domain.code_text import chinese
from domain.codes import ReplyCode, RequestState, RoundEnd
from domain.deferral import DeferralState
from domain.fact import ENGINE
from domain.follow_up import FollowUpSnapshot
from domain.objection import needs_conference
from domain.outcome import FILE_RETURNED, REASONS
from domain.plan import AskKind, CompletionRule
from domain.requester_text import local
from domain.snapshot import CaseSnapshot, OutcomeRecord, RequestSnapshot
from domain.waiting import Matter, WaitSnapshot

COMPLETIONS: Final = {
    CompletionRule.ALL: "主办部门均已同意，无部门拒绝",
    CompletionRule.ANY: "按方案，一个主办部门同意即可",
    CompletionRule.QUORUM: "同意的部门已达方案所定数量",
    CompletionRule.LEAD_WITH_ADVICE: "主办部门均已同意，会商意见已齐",
}
"""Why the engine itself ended a case."""
REPLIES: Final = {
    ReplyCode.ACCEPTED: "部门同意办理，请决定",
    ReplyCode.ACCEPTED_CONDITIONALLY: "部门提出容缺受理，请决定",
    ReplyCode.NEED_MORE: "部门要求补充材料，请一次性告知反映人，或再次询问",
    ReplyCode.REFUSED: "部门不予办理，请决定如何处理",
    ReplyCode.NOT_MINE: "部门退单，请改派或再次询问",
    ReplyCode.EXTENSION_REQUESTED: "部门申请延期，请决定是否同意",
    ReplyCode.INTERIM: "部门报告进展，请决定",
    ReplyCode.NO_RESULT: "部门查无结果，请决定如何继续",
}
"""An answer that waits for the duty leader, by what it says."""
ENDS: Final = {
    RoundEnd.QUARANTINED: "答复无法识别，请人工阅读后再次询问",
    RoundEnd.UNDELIVERABLE: "请求无法送达部门，请改派或再次询问",
    RoundEnd.DEPARTMENT_DISABLED: "部门已停用，请改派或撤回请求",
}
"""A round that ended without an answer."""
MATTERS: Final = {
    Matter.ANSWER: "答复待决定",
    Matter.STALLED: "前序事项没有同意的答复，请决定是否仍然推进",
    Matter.CONFERENCE: "会商已召集，请召开后指定承办",
    Matter.SUPPLEMENT: "材料逾期未补正，请决定如何处理",
    Matter.MATERIAL: "承诺材料未按期提交，请延期或退件",
    Matter.REVOCATION: "承诺未兑现，请提请撤销（两人决定）、宽限，或以其他方式办结",
    Matter.SUSPICION: "材料与远程核验不符，请督办员认定真伪",
    Matter.SECOND_PERSON: "请第二人同意或否决",
    Matter.CONTRADICTION: "主办部门意见相互矛盾，请作出取舍",
    Matter.OUTCOME: "答复均已结束而未全部同意，请另派部门或决定办理结果",
    Matter.REVIEW: "计时中止，或最后一级催办后仍无人处理，请复查",
}
"""What a wait is about; more is said where its request tells more."""
OBJECTIONS: Final = {
    "essential-material": "主审要件不得容缺",
    "held-by-department": "部门已有此材料，不得要求反映人提交",
    "date-in-the-past": "承诺日期已过",
    "excluded-matter": "此类事项不得容缺",
    "dishonesty-record": "有未修复的失信记录",
    "declined-by-requester": "反映人选择不容缺",
    "no-commitment": "告知承诺须有签署的承诺书",
}
"""Rules that speak against a conditional acceptance."""
_OF_A_MATERIAL: Final = ("essential-material", "held-by-department", "date-in-the-past")
_RULE_OF: Final = {text: rule for rule, text in REASONS.items()}


def engines_reason(text: str) -> str:
    """Empty for what the engine does not say by itself."""
    return COMPLETIONS[_RULE_OF[text]] if text in _RULE_OF else ""


def outcome_reason(outcome: OutcomeRecord) -> str:
    """Empty where a person gave the reason in words of their own."""
    if outcome.decided_by == ENGINE:
        return engines_reason(outcome.reason)
    if outcome.reason.startswith(FILE_RETURNED):
        return f"退件：{outcome.reason.removeprefix(FILE_RETURNED)}"
    return ""


def decision_needed(case: CaseSnapshot) -> str:
    """Everything that waits for a person's decision; empty when nothing does."""
    if not case.decision_needed:
        return ""
    waits = [wait for wait in case.waits if wait.running and wait.matter.clock is ClockKind.DECISION]
    # Cases of earlier releases keep no waits
    told = [wait_reason(wait, case) for wait in waits] or list(_undecided(case))
    return "；".join(dict.fromkeys(told)) or "有事项待决定，请查看案件"


def wait_reason(wait: WaitSnapshot, case: CaseSnapshot) -> str:
    request = next((one for one in case.requests if one.request_id == wait.request_id), None)
    what = MATTERS[wait.matter]
    match wait.matter:
        case Matter.ANSWER if request is not None:
            return f"{request.key}：{_deferred(request, case) or _decision(request)}"
        case Matter.SECOND_PERSON:
            act = next((one.act for one in case.proposals if one.proposal_id == wait.about), None)
            return f"{what}：{chinese(act)}" if act else what
        case Matter.MATERIAL | Matter.SUSPICION:
            material = next(
                (one for deferral in case.deferrals for one in deferral.materials if one.material_id == wait.about),
                None,
            )
            return f"{material.name}：{what}" if material else what
        case _:
            return f"{request.key}：{what}" if request else what


def waits_for(request: RequestSnapshot) -> str:
    """On whom or what a request waits; empty when it waits for nobody."""
    if not request.waiting_for:
        return ""
    match request.state:
        case RequestState.PENDING:
            return f"等待前序：{'、'.join(request.after)}"
        case RequestState.OPEN:
            return _open(request)
        case RequestState.DECISION:
            return f"等待值班长：{_decision(request)}"
        case RequestState.SUPPLEMENT:
            return "等待反映人补正材料"
        case _:
            return ""


def follow_up_waits_for(state: FollowUpSnapshot) -> str:
    if not state.waiting_for:
        return ""
    review = state.review
    if review is not None and review.finished_at is None:
        if review.contacted_at is None:
            return "请窗口就差评联系反映人"
        return "请值班长决定：整改、解释或申诉复核" if review.treatment is None else "请窗口完成整改"
    return "反映人可以评价" if state.call_over else "请窗口专员回访反映人"


def objection(text: str) -> str:
    """Of `rule: …`, as `objections` of a deferral names it; empty for a rule of a newer version."""
    rule, _, about = text.partition(": ")
    said = OBJECTIONS.get(rule, "")
    return f"{said}：{about.partition(' (')[0]}" if said and rule in _OF_A_MATERIAL else said


def _undecided(case: CaseSnapshot) -> Iterator[str]:
    for request in case.requests:
        if request.state is RequestState.DECISION:
            yield f"{request.key}：{_deferred(request, case) or _decision(request)}"


def _deferred(request: RequestSnapshot, case: CaseSnapshot) -> str:
    unapproved = DeferralState.UNAPPROVED
    held = any(one.request_id == request.request_id and one.state is unapproved for one in case.deferrals)
    return "容缺受理与规则不符，请特批或再次询问" if held else ""


def _decision(request: RequestSnapshot) -> str:
    turn = request.round
    if turn is None:
        return MATTERS[Matter.ANSWER]
    if turn.end in ENDS:
        return ENDS[turn.end]
    if turn.reply is ReplyCode.NOT_MINE and turn.ruling is None and needs_conference(request.bounces):
        return MATTERS[Matter.CONFERENCE] if request.conference else "两个部门退单，请召开会商后指定承办"
    return REPLIES[turn.reply] if turn.reply else MATTERS[Matter.ANSWER]


def _open(request: RequestSnapshot) -> str:
    if request.kind is AskKind.STATUTORY_WAIT:
        return "法定期间未满"
    if request.kind is AskKind.EXTERNAL:
        return f"等待外部相关方：{request.party or '–'}"
    outage = request.round.outage if request.round else None
    down = f"，系统自 {local(outage.since)} 起中断" if outage is not None and outage.ended_at is None else ""
    return f"等待部门：{request.department or '–'}{down}"
