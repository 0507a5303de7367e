"""The codes of the domain in Chinese, as staff read them: one table for each enum, shared by API and command line."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from domain.clock import ClockKind
from domain.codes import (
    CaseStage,
    Cause,
    Outcome,
    ReplyCode,
    RequestState,
    Role,
    RoundEnd,
    Technique,
    TriageDecision,
    Urgency,
)
from domain.deferral import Channel, DeferralState, Instrument, MaterialState
from domain.follow_up import FollowUpEnd, Rating, ReviewTreatment
from domain.joint_decision import DangerousAct
from domain.outage import OutageCause
from domain.person import PersonRole
from domain.plan import AskKind
from domain.waiting import Matter

CODES: Final[Mapping[type[StrEnum], Mapping[str, str]]] = {
    CaseStage: {
        CaseStage.REGISTERED: "已登记",
        CaseStage.TRIAGED: "已研判",
        CaseStage.LAUNCHING: "启动中",
        CaseStage.COORDINATING: "协同中",
        CaseStage.CLOSED: "已办结",
    },
    Cause: {
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
    },
    TriageDecision: {
        TriageDecision.RESOLVE_ON_SPOT: "当场解释",
        TriageDecision.REFER_OUT: "转办",
        TriageDecision.COORDINATE: "协同办理",
        TriageDecision.SUPERVISE: "督办",
    },
    Urgency: {Urgency.NORMAL: "一般", Urgency.URGENT: "紧急"},
    Outcome: {
        Outcome.DONE: "办成",
        Outcome.DONE_CONDITIONALLY: "容缺办成",
        Outcome.EXPLAINED: "解释疏导",
        Outcome.LAWFULLY_REFUSED: "依法不予办理",
        Outcome.OTHER_SUPPORT: "其他帮扶",
        Outcome.REFERRED: "已转介",
        Outcome.WITHDRAWN: "已撤回",
        Outcome.REVOKED: "已撤销",
        Outcome.NOT_DONE: "未办成",
    },
    Role: {Role.LEAD: "主办", Role.SUPPORT: "协办", Role.CONSULT: "会商", Role.EXTERNAL: "外部相关方"},
    AskKind: {
        AskKind.DEPARTMENT: "部门",
        AskKind.EXTERNAL: "外部相关方",
        AskKind.STATUTORY_WAIT: "法定期间",
    },
    ReplyCode: {
        ReplyCode.ACCEPTED: "同意办理",
        ReplyCode.ACCEPTED_CONDITIONALLY: "容缺受理",
        ReplyCode.NEED_MORE: "需补正",
        ReplyCode.REFUSED: "不予办理",
        ReplyCode.NOT_MINE: "退单",
        ReplyCode.EXTENSION_REQUESTED: "申请延期",
        ReplyCode.INTERIM: "进展",
        ReplyCode.NO_RESULT: "查无结果",
    },
    RequestState: {
        RequestState.PENDING: "待前序",
        RequestState.OPEN: "办理中",
        RequestState.DECISION: "待决定",
        RequestState.ANSWERED: "已答复",
        RequestState.SUPPLEMENT: "待补正",
        RequestState.WITHDRAWN: "已撤回",
        RequestState.WAIVED: "已免答",
    },
    RoundEnd: {
        RoundEnd.FINAL: "最终答复",
        RoundEnd.TURN: "答复待决定",
        RoundEnd.QUARANTINED: "答复无法识别",
        RoundEnd.UNDELIVERABLE: "无法送达",
        RoundEnd.DEPARTMENT_DISABLED: "部门已停用",
        RoundEnd.WITHDRAWN: "已撤回",
        RoundEnd.SUPERSEDED: "已转入新一轮",
    },
    Technique: {
        Technique.WEBHOOK: "签名回调",
        Technique.POLLED: "轮询",
        Technique.XML: "SOAP 接口",
        Technique.PEOPLE: "人工收件箱",
    },
    OutageCause: {
        OutageCause.UNREACHABLE: "无法连接",
        OutageCause.TIMEOUT: "超时无响应",
        OutageCause.FAILING: "暂不能办理",
        OutageCause.NOT_UNDERSTOOD: "响应无法识别",
    },
    Instrument: {Instrument.HOLD_UNTIL_COMPLETE: "容缺受理", Instrument.ISSUE_THEN_VERIFY: "告知承诺"},
    MaterialState: {
        MaterialState.PROMISED: "待补交",
        MaterialState.SUBMITTED: "已提交",
        MaterialState.VERIFYING: "核验中",
        MaterialState.VERIFIED: "已核验",
        MaterialState.REJECTED: "未通过",
        MaterialState.OVERDUE: "逾期未交",
        MaterialState.SUSPECT: "存疑",
        MaterialState.FAILED: "未兑现",
    },
    DeferralState: {
        DeferralState.UNAPPROVED: "待特批",
        DeferralState.RUNNING: "履行中",
        DeferralState.KEPT: "已兑现",
        DeferralState.RECTIFYING: "责令改正",
        DeferralState.REVOCATION_PROPOSED: "拟撤销",
        DeferralState.RETURNED: "已退件",
        DeferralState.REVOKED: "已撤销",
        DeferralState.DROPPED: "随案终结",
    },
    Channel: {
        Channel.ONLINE: "网上",
        Channel.PHONE: "电话",
        Channel.WECHAT: "微信",
        Channel.POST: "邮寄",
        Channel.IN_PERSON: "现场",
        Channel.REMOTE_VIDEO: "远程视频",
        Channel.SHARED_DATA: "数据共享",
    },
    DangerousAct: {
        DangerousAct.WAIVE_REQUEST: "不再等待答复",
        DangerousAct.CLOSE_UNANSWERED: "未答复即办结",
        DangerousAct.REVOKE: "撤销办理结果",
    },
    ClockKind: {
        ClockKind.FIRST_CONTACT: "先行联系",
        ClockKind.SIGN_FOR: "签收",
        ClockKind.REPLY: "答复",
        ClockKind.SUPPLEMENT: "补正",
        ClockKind.DEFERRED_MATERIAL: "容缺材料",
        ClockKind.STATUTORY_NOTICE: "法定期间",
        ClockKind.EXTERNAL_FOLLOW_UP: "外部跟进",
        ClockKind.FOLLOW_UP: "回访",
        ClockKind.RATING: "评价",
        ClockKind.REVIEW_CONTACT: "差评联系",
        ClockKind.OBJECTION: "退单期限",
        ClockKind.RECTIFICATION: "责令改正",
        ClockKind.DECISION: "待决定",
        ClockKind.REVIEW: "定期复查",
        ClockKind.ITEM: "事项自身时限",
    },
    Matter: {
        Matter.ANSWER: "答复待决定",
        Matter.STALLED: "前序未通",
        Matter.CONFERENCE: "会商待指定",
        Matter.SUPPLEMENT: "补正逾期",
        Matter.MATERIAL: "材料未到",
        Matter.REVOCATION: "承诺未兑现",
        Matter.SUSPICION: "材料存疑",
        Matter.SECOND_PERSON: "待第二人复核",
        Matter.CONTRADICTION: "意见矛盾",
        Matter.OUTCOME: "待定结果",
        Matter.REVIEW: "停滞待复查",
    },
    PersonRole: {
        PersonRole.CLERK: "窗口专员",
        PersonRole.DUTY_LEADER: "值班长",
        PersonRole.DEPARTMENT_OFFICER: "部门经办人",
        PersonRole.SUPERVISOR: "督办员",
        PersonRole.AUDITOR: "审计员",
        PersonRole.ADMIN: "管理员",
    },
    Rating: {
        Rating.VERY_SATISFIED: "非常满意",
        Rating.SATISFIED: "满意",
        Rating.BASICALLY_SATISFIED: "基本满意",
        Rating.DISSATISFIED: "不满意",
        Rating.VERY_DISSATISFIED: "非常不满意",
    },
    ReviewTreatment: {
        ReviewTreatment.RECTIFY: "整改",
        ReviewTreatment.EXPLAIN: "解释",
        ReviewTreatment.APPEAL: "申诉复核",
    },
    FollowUpEnd: {
        FollowUpEnd.RATED: "已评价",
        FollowUpEnd.NOT_RATED: "未评价",
        FollowUpEnd.REVIEW_TREATED: "差评已处置",
    },
}
RUNGS: Final[Mapping[str, str]] = {
    "first_contact_today": "先行联系到期日提醒",
    "first_contact_overdue": "先行联系超时",
    "not_signed_for": "逾期未签收",
    "reply_reminder": "到期前催办",
    "reply_overdue": "超期未答复",
    "duty_leader_decides": "值班长处置",
    "supervision": "督办",
    "leading_group": "报领导小组办公室",
    "decision_today": "待决定到期日提醒",
    "decision_overdue": "逾期未决定",
    "decision_supervision": "未决定督办",
    "decision_leading_group": "未决定报领导小组办公室",
    "review_due": "定期复查",
    "external_follow_up": "再次联系外部相关方",
    "supplement_reminder": "补正到期前提醒",
    "supplement_lapsed": "逾期未补正",
    "material_reminder": "材料到期前提醒",
    "material_due_today": "材料到期日提醒",
    "material_overdue": "材料逾期未交",
    "rectification_reminder": "改正到期前提醒",
    "rectification_failed": "逾期未改正",
    "follow_up_call": "可以回访",
    "follow_up_today": "回访到期日提醒",
    "follow_up_overdue": "回访超期",
    "review_contact_today": "差评当日联系",
    "review_contact_overdue": "差评逾期未联系",
}
"""Rungs of the ladder that ships; a district may name others."""

INVARIANTS: Final[Mapping[str, str]] = {
    "I1": "一事一案",
    "I2": "每项请求只有一个结局",
    "I3": "已收到的不丢失",
    "I4": "每轮只有一个答复生效",
    "I5": "每次变更都有授权",
    "I6": "逾期必有催办",
    "I8": "库中内容与引擎一致",
    "I9": "没有无人知晓的停滞案件",
    "I10": "记录完整未被改动",
    "I11": "结果只有一个且处处相同",
    "I12": "历史可在现有代码上重放",
    "I13": "历史不超过规模上限",
}
"""What each one promises, in Chinese; those that are looked for in a running installation."""


def chinese(code: StrEnum) -> str:
    return CODES[type(code)][code]
