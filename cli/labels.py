"""Codes as people read them: Chinese first, English second."""

from domain.codes import CaseStage, Cause, Outcome, ReplyCode, RequestState
from domain.deferral import DeferralState, Instrument, MaterialState

_ZH: dict[str, str] = {
    CaseStage.REGISTERED: "已登记",
    CaseStage.TRIAGED: "已研判",
    CaseStage.LAUNCHING: "启动中",
    CaseStage.COORDINATING: "协同中",
    CaseStage.CLOSED: "已办结",
    Cause.LAW_BAR: "法律不允许",
    Cause.UNAWARE: "不了解政策",
    Cause.MATERIAL_GAP: "材料缺失",
    Cause.CROSS_DEPT: "涉及多部门",
    Cause.RESPONSIBILITY_GAP: "职责不清",
    Cause.POLICY_TRANSITION: "新旧政策",
    Cause.SPECIALISED: "专业性强",
    Cause.URGENT: "需要加快",
    Cause.CONDUCT: "服务作风",
    Cause.SYSTEM_FAULT: "系统故障",
    Cause.OUT_OF_SCOPE: "不属受理范围",
    Outcome.DONE: "办成",
    Outcome.DONE_CONDITIONALLY: "容缺办成",
    Outcome.EXPLAINED: "解释疏导",
    Outcome.LAWFULLY_REFUSED: "依法不予办理",
    Outcome.OTHER_SUPPORT: "其他帮扶",
    Outcome.REFERRED: "已转介",
    Outcome.WITHDRAWN: "已撤回",
    Outcome.REVOKED: "已撤销",
    Outcome.NOT_DONE: "未办成",
    RequestState.PENDING: "待前序",
    RequestState.OPEN: "办理中",
    RequestState.DECISION: "待决定",
    RequestState.ANSWERED: "已答复",
    RequestState.SUPPLEMENT: "待补正",
    RequestState.WITHDRAWN: "已撤销",
    RequestState.WAIVED: "已免答",
    Instrument.HOLD_UNTIL_COMPLETE: "容缺受理",
    Instrument.ISSUE_THEN_VERIFY: "告知承诺",
    MaterialState.PROMISED: "待补交",
    MaterialState.SUBMITTED: "已提交",
    MaterialState.VERIFYING: "核验中",
    MaterialState.VERIFIED: "已核验",
    MaterialState.REJECTED: "未通过",
    MaterialState.OVERDUE: "逾期未交",
    MaterialState.SUSPECT: "存疑",
    MaterialState.FAILED: "未兑现",
    DeferralState.UNAPPROVED: "待特批",
    DeferralState.RUNNING: "履行中",
    DeferralState.KEPT: "已兑现",
    DeferralState.RECTIFYING: "责令改正",
    DeferralState.REVOCATION_PROPOSED: "拟撤销",
    DeferralState.RETURNED: "已退件",
    DeferralState.DROPPED: "随案终结",
}
_REPLY_ZH: dict[str, str] = {
    ReplyCode.ACCEPTED: "同意办理",
    ReplyCode.ACCEPTED_CONDITIONALLY: "容缺受理",
    ReplyCode.NEED_MORE: "需补正",
    ReplyCode.REFUSED: "不予办理",
    ReplyCode.NOT_MINE: "退单",
    ReplyCode.EXTENSION_REQUESTED: "申请延期",
    ReplyCode.INTERIM: "进展",
    ReplyCode.NO_RESULT: "查无结果",
}


def both(code: str | None) -> str:
    """A stage, cause, outcome or state: `办成 DONE`; a dash where there is none yet."""
    return "–" if code is None else f"{_ZH[code]} {code}" if code in _ZH else code


def chinese(code: str | None) -> str:
    return "–" if code is None else _ZH.get(code, code)


def reply(code: str | None) -> str:
    return "–" if code is None else f"{_REPLY_ZH.get(code, '')} {code}".strip()
