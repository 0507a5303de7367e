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
