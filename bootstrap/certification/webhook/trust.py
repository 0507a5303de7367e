"""Whom a department that calls back believes."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from adapters.webhook_signature import new_secret
from bootstrap.certification.finding import Broken, Said, said
from bootstrap.certification.webhook.sender import Wrong
from bootstrap.certification.webhook.trial import TAKEN, Trial, expect

_STRANGER = (400, 401, 403)
_NOTHING_TO_WITHDRAW = (*TAKEN, 404, 409, 410)
_STALE = timedelta(minutes=10)


def refused(wrong: Callable[[], Wrong], change: Said) -> Callable[[Trial], Awaitable[None]]:
    async def check(trial: Trial) -> None:
        request = trial.sender.request()
        reply = await trial.sender.dispatch(request, wrong())
        if reply.status not in _STRANGER:
            raise Broken(said(f"应为 401，得到 HTTP {reply.status}", f"HTTP {reply.status} instead of 401"), change)
        # Whoever is refused must not occupy the key of the real request
        nothing = said("被拒绝的消息不得留下任何内容", "store nothing of a message that you refuse")
        expect(await trial.sender.dispatch(request), TAKEN, nothing)

    return check


WRONG_SECRET = refused(
    lambda: Wrong(secrets=(new_secret(),)),
    said("用共享密钥核对 webhook-signature", "verify webhook-signature with the shared secret"),
)
NOT_SIGNED = refused(lambda: Wrong(secrets=()), said("拒绝没有签名的消息", "refuse what carries no signature"))
TAMPERED = refused(
    lambda: Wrong(tampered=True),
    said("对收到的原始字节核对签名", "verify the signature over the raw bytes as received"),
)
STALE = refused(
    lambda: Wrong(clock=-_STALE),
    said(
        "拒绝早于本机时钟五分钟以上的 webhook-timestamp",
        "refuse a webhook-timestamp more than five minutes from your clock",
    ),
)
FROM_THE_FUTURE = refused(
    lambda: Wrong(clock=_STALE),
    said("拒绝晚于本机时钟五分钟以上的 webhook-timestamp", "refuse a webhook-timestamp more than five minutes ahead"),
)


async def a_withdrawal_is_understood(trial: Trial) -> None:
    request = trial.sender.request()
    await trial.sender.dispatch(request)
    change = said(
        "对 request.withdrawn 应答 2xx；无可撤回时应答 404、409 或 410",
        "answer request.withdrawn with 2xx, or 404, 409, 410 when there is nothing to withdraw",
    )
    for over in (request, request, trial.sender.request()):
        expect(await trial.sender.withdraw(over), _NOTHING_TO_WITHDRAW, change)
    wrong = await trial.sender.withdraw(request, Wrong(secrets=(new_secret(),)))
    if wrong.status not in _STRANGER:
        raise Broken(
            said(f"签名错误的撤回得到 HTTP {wrong.status}", f"a wrongly signed withdrawal got HTTP {wrong.status}"),
            said("撤回与请求一样核对签名", "verify withdrawals like requests"),
        )
