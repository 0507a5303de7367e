"""What it means when no complete answer comes, told to the people who run the department's system."""

from bootstrap.certification.finding import Broken, said
from domain.department_failure import DepartmentUnavailable

_ZH = {
    "timeout": "规定时间内没有完整应答",
    "connect": "无法连接",
    "connection-lost": "应答未完，连接已断",
    "tls": "证书或协议不可接受",
    "too-large": "应答超过 256 KB",
    "encoding": "应答使用了未请求的压缩方式，或压缩内容已损坏",
    "address": "地址不可用",
}


_NOBODY = ("connect", "tls", "address")


class NobodyThere(Exception):
    """No situation can be played: nothing answers at the address at all."""

    def __init__(self, url: str, error: DepartmentUnavailable) -> None:
        super().__init__(str(error))
        self.url = url
        self.reason = failed_to_answer(error).reason


def nobody_there(error: DepartmentUnavailable) -> bool:
    """Whether no situation would fare better, as far as the class of failure tells."""
    return str(error).partition(":")[0] in _NOBODY


def failed_to_answer(error: DepartmentUnavailable) -> Broken:
    kind = str(error).partition(":")[0]
    return Broken(
        said(f"{kind}：{_ZH.get(kind, '没有可用的应答')}", str(error)),
        said(
            "每个请求在 15 秒内给出完整的 HTTP 应答，不超过 256 KB，不压缩",
            "answer every request within 15 seconds with a complete HTTP response of at most 256 KB, not compressed",
        ),
    )
