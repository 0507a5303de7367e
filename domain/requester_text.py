"""The words in which a requester is told where the matter stands: plain Chinese first, English second."""

from datetime import datetime, timedelta, timezone
from typing import Final

from domain.codes import CaseStage, Outcome
from domain.deferral import Channel, MaterialState
from domain.wire import Wire


class Words(Wire):
    zh: str
    en: str


STAGES: Final = {
    CaseStage.REGISTERED: Words(zh="已登记，等待值班长研判", en="Registered; the duty leader will look into it"),
    CaseStage.TRIAGED: Words(zh="已研判，正在安排协同办理", en="Looked into; the coordination is being prepared"),
    CaseStage.LAUNCHING: Words(zh="协同办理即将开始", en="The coordination is about to begin"),
    CaseStage.COORDINATING: Words(zh="相关部门正在办理", en="The departments are working on it"),
    CaseStage.CLOSED: Words(zh="已办结", en="Closed"),
}
OUTCOMES: Final = {
    Outcome.DONE: Words(zh="已办成", en="Done"),
    Outcome.DONE_CONDITIONALLY: Words(
        zh="容缺办理，承诺材料待补交核验", en="Done on condition that promised papers follow"
    ),
    Outcome.EXPLAINED: Words(zh="已解释说明", en="Explained"),
    Outcome.LAWFULLY_REFUSED: Words(zh="依法不予办理", en="Lawfully refused"),
    Outcome.OTHER_SUPPORT: Words(zh="原事项不能办理，已提供其他帮助", en="Not granted; other help was given"),
    Outcome.REFERRED: Words(zh="已转介其他受理渠道", en="Referred to whoever is responsible"),
    Outcome.WITHDRAWN: Words(zh="已撤回", en="Withdrawn"),
    Outcome.REVOKED: Words(zh="办理结果已撤销", en="The result was revoked"),
    Outcome.NOT_DONE: Words(zh="未办成", en="Not done"),
}
CHANNELS: Final = {
    Channel.ONLINE: Words(zh="网上提交", en="online"),
    Channel.PHONE: Words(zh="电话", en="by phone"),
    Channel.WECHAT: Words(zh="微信", en="by WeChat"),
    Channel.POST: Words(zh="邮寄", en="by post"),
    Channel.IN_PERSON: Words(zh="现场", en="in person"),
    Channel.REMOTE_VIDEO: Words(zh="远程视频", en="by video call"),
    Channel.SHARED_DATA: Words(zh="部门数据共享，无需提交", en="shared between departments: nothing to hand in"),
}
MATERIALS: Final = {
    MaterialState.PROMISED: Words(zh="待提交", en="to be handed in"),
    MaterialState.SUBMITTED: Words(zh="已提交", en="handed in"),
    MaterialState.VERIFYING: Words(zh="核验中", en="being verified"),
    MaterialState.VERIFIED: Words(zh="已核验", en="verified"),
    MaterialState.REJECTED: Words(zh="未通过，请重新提交", en="not accepted: please hand it in again"),
    MaterialState.OVERDUE: Words(zh="已逾期，请尽快提交", en="overdue: please hand it in soon"),
    MaterialState.SUSPECT: Words(zh="正在复核", en="being looked at again"),
    MaterialState.FAILED: Words(zh="未按承诺提交", en="not handed in as promised"),
}

_SHANGHAI: Final = timezone(timedelta(hours=8))


def local(at: datetime) -> str:
    """As people read it, Asia/Shanghai."""
    return at.astimezone(_SHANGHAI).strftime("%Y-%m-%d %H:%M")


def both(zh: str, en: str) -> Words:
    return Words(zh=zh, en=en)
