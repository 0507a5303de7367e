"""How a department that calls back takes our requests in: once each, in any order, and whatever else they carry."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from adapters.webhook_signature import new_secret
from bootstrap.certification.finding import Broken, said
from bootstrap.certification.request import next_round
from bootstrap.certification.webhook.sender import Wrong
from bootstrap.certification.webhook.trial import HAS_IT, TAKEN, Trial, expect, one_answer, receipt_in


async def takes_a_request(trial: Trial) -> None:
    reply = await trial.sender.dispatch(trial.sender.request())
    if 300 <= reply.status < 400:
        raise Broken(
            said(f"重定向（HTTP {reply.status}）", f"a redirect (HTTP {reply.status})"),
            said("就在该地址应答：从不跟随重定向", "answer at the address itself: redirects are never followed"),
        )
    expect(reply, TAKEN, said("请求落盘后应答 2xx", "answer 2xx once the request is stored"))
    if receipt_in(reply) is None:
        raise Broken(
            said('应答中没有 {"receipt": "…"}', 'no {"receipt": "…"} in the answer'),
            said("以 JSON 应答，receipt 为本部门编号", "answer with JSON that names your own number as receipt"),
        )


async def answers_it(trial: Trial) -> None:
    request = trial.sender.request()
    await trial.sender.dispatch(request)
    await trial.answered(request)


async def a_repetition_has_one_effect(trial: Trial) -> None:
    request = trial.sender.request()
    first = await trial.sender.dispatch(request)
    expect(first, TAKEN, said("收下第一次发送", "take in the first send"))
    again = await asyncio.gather(*(trial.sender.dispatch(request) for _ in range(3)))
    change = said(
        "在案件存续期内保留每个请求的 webhook-id；重发时应答第一次的 receipt",
        "keep the webhook-id of each request for the life of the case; answer a repetition with the first receipt",
    )
    for reply in again:
        expect(reply, HAS_IT, change)
        before, now = receipt_in(first), receipt_in(reply)
        if now != before:
            reason = said(
                f"同一请求的 receipt 由 {before} 变为 {now}", f"receipt {before} became {now} for the same request"
            )
            raise Broken(reason, change)
    await trial.answered(request)
    await trial.quiet()
    one_answer(trial, request)


async def other_content_under_a_known_key_changes_nothing(trial: Trial) -> None:
    request = trial.sender.request()
    await trial.sender.dispatch(request)
    await trial.answered(request)
    reply = await trial.sender.dispatch(replace(request, text="不同的内容 · something else under the same key"))
    if reply.status >= 500:
        raise Broken(
            said(f"HTTP {reply.status}", f"HTTP {reply.status}"),
            said(
                "已知的键一律应答 409 和原 receipt，不论内容",
                "answer a known key with 409 and its receipt, whatever the content",
            ),
        )
    await trial.quiet()
    one_answer(trial, request)


async def later_rounds_may_come_first(trial: Trial) -> None:
    first = trial.sender.request()
    second = next_round(first)
    change = said("每一轮单独收下：消息可能后发先至", "take in each round by itself: messages may overtake each other")
    for request in (second, first):
        expect(await trial.sender.dispatch(request), TAKEN, change)
    await trial.answered(second)
    await trial.answered(first)


async def a_request_past_its_due_instant_is_taken(trial: Trial) -> None:
    request = replace(trial.sender.request(), due_in=timedelta(days=-1))
    change = said("照常收下：答复是否逾期由我方判断", "take it in: whether an answer is late is judged here")
    expect(await trial.sender.dispatch(request), TAKEN, change)
    await trial.answered(request)


async def unknown_fields_are_passed_over(trial: Trial) -> None:
    request = replace(trial.sender.request(), extra={"field_of_a_later_version": {"nested": [1, 2]}})
    change = said("忽略不认识的字段", "ignore fields that you do not know")
    expect(await trial.sender.dispatch(request), TAKEN, change)


async def one_right_signature_of_two_is_enough(trial: Trial) -> None:
    both = Wrong(secrets=(new_secret(), *trial.sender.secrets))
    request = trial.sender.request()
    trial.door.asked.add(request.round)
    change = said(
        "逐个核对 webhook-signature 中的签名：更换密钥期间会有两个",
        "try every signature in webhook-signature: two are sent while a secret is replaced",
    )
    expect(await trial.sender.dispatch(request, both), TAKEN, change)


async def a_large_request_breaks_nothing(trial: Trial) -> None:
    reply = await trial.sender.dispatch(replace(trial.sender.request(), text="长" * 70_000))
    if reply.status >= 500:
        raise Broken(
            said(f"200 KB 的请求得到 HTTP {reply.status}", f"HTTP {reply.status} for 200 KB"),
            said("收下，或以 413 拒绝", "take it in, or refuse it with 413"),
        )


async def what_is_no_json_is_refused(trial: Trial) -> None:
    reply = await trial.sender.dispatch(trial.sender.request(), Wrong(body="{"))
    if not 400 <= reply.status < 500:
        raise Broken(
            said(f"非 JSON 内容得到 HTTP {reply.status}", f"HTTP {reply.status} for a body that is no JSON"),
            said("应答 400 或 422；5xx 会使我方不断重发", "answer 400 or 422; 5xx makes us send it for ever"),
        )
