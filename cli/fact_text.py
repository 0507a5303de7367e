"""Facts as people read them: what happened in both languages, its details named, its instants in Shanghai time."""

import re
from datetime import datetime
from enum import StrEnum

from bootstrap.api_client import Json
from cli import labels
from cli.screen import in_both, local
from domain.case_text import engines_reason
from domain.clock import ClockKind
from domain.code_text import CODES
from domain.codes import Cause, Outcome, ReplyCode, RoundEnd, TriageDecision, Urgency
from domain.deferral import Channel, DeferralState, Instrument
from domain.fact import FactKind
from domain.follow_up import FollowUpEnd, Rating, ReviewTreatment
from domain.joint_decision import DangerousAct
from domain.outage import OutageCause

_KINDS: dict[str, str] = {
    FactKind.REGISTERED: "登记",
    FactKind.FIRST_CONTACT: "先行联系",
    FactKind.TRIAGED: "研判",
    FactKind.LAUNCH_REQUESTED: "申请启动",
    FactKind.LAUNCHED: "已启动",
    FactKind.ROUND_OPENED: "开始派单",
    FactKind.DELIVERED: "已送达",
    FactKind.UNDELIVERABLE: "无法送达",
    FactKind.DEPARTMENT_DISABLED: "部门停用",
    FactKind.RELEASED: "解除等待",
    FactKind.ACKNOWLEDGED: "已签收",
    FactKind.INTERIM: "进展",
    FactKind.REPLIED: "已答复",
    FactKind.QUARANTINED: "无法识别",
    FactKind.WAIT_OVER: "等待期满",
    FactKind.RUNG_FIRED: "催办",
    FactKind.TOLD: "已告知",
    FactKind.RUNG_HELD: "催办暂缓",
    FactKind.OUTAGE_BEGAN: "系统中断",
    FactKind.OUTAGE_ENDED: "系统恢复",
    FactKind.EXTENDED: "延期",
    FactKind.EXTENSION_REFUSED: "不予延期",
    FactKind.PAUSED: "计时暂停",
    FactKind.RESUMED: "计时恢复",
    FactKind.CONSENTED_BY_SILENCE: "默认同意",
    FactKind.PROCEEDED: "先行推进",
    FactKind.ASK_ADDED: "追加请求",
    FactKind.CONFERENCE_CONVENED: "召集会商",
    FactKind.DESIGNATED: "指定承办",
    FactKind.DIRECTORY_CHANGE_PROPOSED: "建议修改目录",
    FactKind.MINUTES_RECORDED: "会商纪要",
    FactKind.ESCALATED: "提级",
    FactKind.WEIGHED: "意见取舍",
    FactKind.PROPOSED: "提请",
    FactKind.CONFIRMED: "复核同意",
    FactKind.TURNED_DOWN: "复核否决",
    FactKind.WAIVED: "免答",
    FactKind.SUPPLEMENT_NOTICE: "一次性告知",
    FactKind.SUPPLEMENT_RECEIVED: "收到补正",
    FactKind.LATER_LIST: "后补清单",
    FactKind.SUPPLEMENT_LAPSED: "逾期未补正",
    FactKind.HOLDER_SILENT: "持有部门未移交",
    FactKind.SUPPLEMENT_IN_TIME: "补正按时（补登）",
    FactKind.DEFERRAL_OPENED: "容缺开始",
    FactKind.DEFERRAL_APPROVED: "容缺特批",
    FactKind.DEFERRAL_ENDED: "容缺结束",
    FactKind.MATERIAL_SUBMITTED: "材料提交",
    FactKind.MATERIAL_VERIFIED: "材料核验通过",
    FactKind.MATERIAL_REJECTED: "材料未通过",
    FactKind.MATERIAL_OVERDUE: "材料逾期",
    FactKind.MATERIAL_SUSPECT: "材料存疑",
    FactKind.MATERIAL_EXTENDED: "材料延期",
    FactKind.RECTIFICATION_ORDERED: "责令改正",
    FactKind.REVOCATION_PROPOSED: "拟撤销",
    FactKind.PROMISE_RESTORED: "承诺恢复",
    FactKind.EXPIRY_IN_VAIN: "到期未能自动处理",
    FactKind.CALENDAR_LEARNED: "按新日历重算",
    FactKind.DISHONESTY_MARK: "失信记录",
    FactKind.DISHONESTY_REPAIRED: "信用修复",
    FactKind.MATERIAL_OPENED: "材料查阅",
    FactKind.REASSIGNED: "改派",
    FactKind.ASKED_AGAIN: "再次派单",
    FactKind.REQUEST_WITHDRAWN: "撤回请求",
    FactKind.DECISION_NEEDED: "待决定",
    FactKind.OUTCOME: "办理结果",
    FactKind.SAME_FACTS: "同一事实",
    FactKind.REOPENED: "重办",
    FactKind.PROGRESS_CODE_ISSUED: "发放查询码",
    FactKind.FOLLOW_UP_STARTED: "回访开始",
    FactKind.FOLLOW_UP_CALL: "回访",
    FactKind.RATING_LINK_ISSUED: "发放评价链接",
    FactKind.RATED: "已评价",
    FactKind.REVIEW_CONTACTED: "差评已联系",
    FactKind.REVIEW_TREATED: "差评已处置",
    FactKind.REVIEW_RECTIFIED: "整改完成",
    FactKind.FOLLOW_UP_ENDED: "回访结束",
    FactKind.MESSAGE_TAKEN_IN: "补收报文",
    FactKind.MESSAGE_REFUSED: "报文退回",
}
_DETAILS = {
    "act": "事项",
    "actions": "分工",
    "alternatives": "替代途径",
    "attempt": "次数",
    "authority": "依据文号",
    "calendar": "日历",
    "category": "类别",
    "cause": "原因",
    "channel": "渠道",
    "clock": "时钟",
    "clocks": "时钟",
    "closes_at": "截止",
    "code": "答复",
    "coordination": "协调评价",
    "decision": "研判",
    "departments": "部门",
    "due_at": "到期",
    "due_after": "新到期",
    "due_before": "原到期",
    "end": "结束方式",
    "ended_at": "结束",
    "facts_found": "查明事实",
    "held_by": "暂缓原因",
    "in_time": "按时",
    "instrument": "方式",
    "interim": "暂时结果",
    "item": "事项评价",
    "legal_basis": "法律依据",
    "limit": "期限",
    "material": "材料",
    "material_id": "材料编号",
    "materials": "材料",
    "method": "方式",
    "minutes": "纪要",
    "missing": "尚缺",
    "note": "说明",
    "number": "编号",
    "objections": "异议",
    "outcome": "结果",
    "owner": "承办",
    "participants": "参会",
    "planned_at": "应催时间",
    "reached": "接通",
    "real_name": "实名",
    "reason": "理由",
    "receipt": "回执",
    "received": "收到",
    "received_at": "收到",
    "remedy": "救济途径",
    "resolved": "已解决",
    "result": "结果",
    "rule": "规则",
    "rung": "催办级",
    "since": "起于",
    "state": "状态",
    "submission": "提交次",
    "to": "转至",
    "told": "告知",
    "treatment": "处置",
    "until": "至",
    "urgency": "紧急程度",
    "why": "原因",
}
_CODES: dict[str, tuple[type[StrEnum], ...]] = {
    "act": (DangerousAct,),
    "cause": (Cause, OutageCause),
    "channel": (Channel,),
    "clock": (ClockKind,),
    "code": (ReplyCode,),
    "coordination": (Rating,),
    "decision": (TriageDecision,),
    "end": (FollowUpEnd, RoundEnd),
    "instrument": (Instrument,),
    "interim": (Outcome,),
    "item": (Rating,),
    "outcome": (Outcome,),
    "state": (DeferralState,),
    "treatment": (ReviewTreatment,),
    "urgency": (Urgency,),
    "why": (ReplyCode,),
}
"""By a detail's name: whose codes it may hold."""
_YES_NO = {"yes": "是 yes", "true": "是 yes", "no": "否 no", "false": "否 no"}
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}\S*")
_EVIDENCE = re.compile(r"(mail_)?(kept_|sha256_)")
"""Digests of messages are for `liandong evidence`."""
_LONGEST = 300


def kind(code: str) -> str:
    """`已答复 REPLIED`."""
    return f"{_KINDS[code]} {code}" if code in _KINDS else code


def details(fact: Json) -> str:
    """`到期 due_at: 11-23 22:22:10; …`, without what is empty and without digests."""
    told = {name: str(value) for name, value in fact["data"].items() if value and not _EVIDENCE.match(name)}
    return "; ".join(f"{_name(name)}: {_value(name, value)}" for name, value in told.items())[:_LONGEST]


def _name(name: str) -> str:
    return f"{_DETAILS[name]} {name}" if name in _DETAILS else name


def _value(name: str, value: str) -> str:
    if name == "rung":
        return labels.rung(value)
    if name == "reason":
        return in_both(engines_reason(value), value)
    for code in _CODES.get(name, ()):
        if value in CODES[code]:
            return labels.both(code, value)
    if value in _YES_NO:
        return _YES_NO[value]
    return _shown_instant(value) if _INSTANT.fullmatch(value) else value


def _shown_instant(value: str) -> str:
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return value
    return local(at, seconds=True) if at.tzinfo is not None else value
