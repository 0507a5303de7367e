"""Whom a department that is asked believes, and what it does to what looks like a message."""

from collections.abc import Awaitable, Callable

from bootstrap.certification.asked.heard import Credential, Kind, Speaker
from bootstrap.certification.asked.trial import Trial, expect
from bootstrap.certification.asked.xml import Xml
from bootstrap.certification.finding import Broken, said

_BELIEVE = said(
    "凡未带正确 Bearer 令牌的请求（存放、询问、撤回）一律以 401 拒绝",
    "refuse with 401 whatever does not carry the right Bearer token",
)
_NOTHING = said("被拒绝的消息不得留下任何内容", "store nothing of a message that you refuse")
_TAKE = said("收下请求", "take the request in")
_NO_TYPES = said(
    "关闭 DTD 和实体解析，含 DOCTYPE 的文档以 soap:Client 故障或 400 拒绝",
    "switch document types and entities off; refuse a DOCTYPE with a fault of soap:Client or 400",
)


def only_with(credential: Credential) -> Callable[[Trial[Speaker]], Awaitable[None]]:
    async def check(trial: Trial[Speaker]) -> None:
        known, fresh = trial.request(), trial.request()
        await trial.taken(known, _TAKE)
        heard = {
            ("存放", "a delivery"): await trial.speaker.deliver(fresh, credential),
            ("询问", "a question"): await trial.speaker.ask(known, credential),
            ("撤回", "a withdrawal"): await trial.speaker.withdraw(known, credential),
        }
        for (zh, en), one in heard.items():
            if one.kind is not Kind.STRANGER:
                raise Broken(
                    said(f"{zh}应得 401，实得：{one.seen.zh}", f"{en} should have got 401 and got: {one.seen.en}"),
                    _BELIEVE,
                )
        # Whoever is refused must not occupy the key of the real request
        expect(await trial.speaker.ask(fresh), (Kind.UNKNOWN,), _NOTHING)
        await trial.taken(fresh, _NOTHING)

    return check


WRONG_TOKEN = only_with(Credential.WRONG)
NO_TOKEN = only_with(Credential.NONE)


async def document_types_are_refused(trial: Trial[Xml]) -> None:
    request = trial.request()
    for name, heard in (await trial.speaker.deliver_declared(request)).items():
        if heard.kind is not Kind.REFUSED:
            raise Broken(said(f"{name} 得到：{heard.seen.zh}", f"{name} got: {heard.seen.en}"), _NO_TYPES)
    expect(await trial.speaker.ask(request), (Kind.UNKNOWN,), _NOTHING)


async def every_answer_had_its_content_type(trial: Trial[Speaker]) -> None:
    wrong = sorted({f"{one.what}: {one.wrong_type}" for one in trial.speaker.wire.exchanges if one.wrong_type})
    if wrong:
        types = " / ".join(trial.speaker.wire.types)
        raise Broken(
            said("; ".join(wrong), "; ".join(wrong)),
            said(f"应答的 Content-Type 须为 {types}", f"answer with Content-Type {types}"),
        )


async def every_answer_came_in_time(trial: Trial[Speaker]) -> None:
    slow = [one for one in trial.speaker.wire.exchanges if one.seconds > trial.times.answer]
    if slow:
        worst = max(slow, key=lambda one: one.seconds)
        raise Broken(
            said(f"{worst.what} 用了 {worst.seconds:.1f} 秒", f"{worst.what} took {worst.seconds:.1f} s"),
            said(
                f"每次应答不超过 {trial.times.answer:g} 秒：先落盘应答，再办理",
                f"answer within {trial.times.answer:g} seconds: store, answer, and work afterwards",
            ),
        )
