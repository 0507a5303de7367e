"""Words that letters to the requester share: channels, days, and the frame of a page. Chinese first, then English."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

from domain.deferral import Channel

_SHANGHAI: Final = dt.timezone(dt.timedelta(hours=8))

CHANNELS: Final[Mapping[Channel, tuple[str, str]]] = {
    Channel.ONLINE: ("网上提交", "online"),
    Channel.PHONE: ("电话", "by phone"),
    Channel.WECHAT: ("微信", "by WeChat"),
    Channel.POST: ("邮寄", "by post"),
    Channel.IN_PERSON: ("窗口递交", "in person"),
    Channel.REMOTE_VIDEO: ("远程视频", "by remote video"),
    Channel.SHARED_DATA: ("数据共享", "by shared data"),
}

ONLINE_ZH: Final = (
    "网上提交：凭案件编号和进度查询码，在查询进度处逐件提交文件（PDF、OFD、JPEG或者PNG，每件不超过20 MB）。"
)
ONLINE_EN: Final = (
    "Online: with the case number and the progress code, one file for each material, where you see the progress\n"
    "(PDF, OFD, JPEG or PNG, at most 20 MB each)."
)


def channels_zh(channels: Sequence[Channel]) -> str:
    return "、".join(CHANNELS[one][0] for one in channels) or "任一方式"


def channels_en(channels: Sequence[Channel]) -> str:
    return ", ".join(CHANNELS[one][1] for one in channels) or "any way"


def day_zh(at: dt.datetime) -> str:
    """The local day and time, as a notice writes it."""
    local = at.astimezone(_SHANGHAI)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"


def day_en(at: dt.datetime) -> str:
    return f"{at.astimezone(_SHANGHAI):%Y-%m-%d %H:%M}"


def one_line(text: str) -> str:
    """A name or note that cannot break out of its line."""
    return " ".join(text.split())
