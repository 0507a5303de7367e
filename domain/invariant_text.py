"""What each invariant promises, in Chinese; those that are looked for in a running installation."""

from collections.abc import Mapping
from typing import Final

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
