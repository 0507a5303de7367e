"""How a department that is asked takes requests in: once each, in any order, and whatever else they carry."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from bootstrap.certification.asked.heard import Kind, Speaker
from bootstrap.certification.asked.trial import Trial, expect
from bootstrap.certification.finding import Broken, said
from bootstrap.certification.request import next_round

_TAKE = said(
    "请求落盘后应答成功并给出本部门编号 receipt（1 至 200 个可见字符）；就在该地址应答，不要重定向",
    "answer with success and your own number as receipt (1 to 200 printable characters) once the request is stored; "
    "answer at the address itself: redirects are never followed",
)
_ONCE = said(
    "在案件存续期内保留每轮的键；重复发送时应答第一次的 receipt，不另起一件",
    "keep the key of each round for the life of the case; answer a repetition with the first receipt",
)
_REFUSE = said(
    "内容不合格时以 4xx（SOAP：soap:Client 故障）拒绝；5xx 会使我方不断重发",
    "refuse for good with 4xx (SOAP: a fault with soap:Client); 5xx makes us send it for ever",
)


async def takes_a_request(trial: Trial[Speaker]) -> None:
    await trial.taken(trial.request(), _TAKE)


async def a_repetition_has_one_effect(trial: Trial[Speaker]) -> None:
    request = trial.request()
    first = await trial.taken(request, _TAKE)
    again = await asyncio.gather(*(trial.speaker.deliver(request) for _ in range(3)))
    await trial.answered(request)
    for heard in (*again, await trial.speaker.deliver(request)):
        expect(heard, (Kind.TAKEN,), _ONCE)
        if heard.receipt != first.receipt:
            seen = (first.receipt, heard.receipt)
            raise Broken(
                said(
                    f"同一请求的 receipt 由 {seen[0]} 变为 {seen[1]}",
                    f"receipt {seen[0]} became {seen[1]} for the same request",
                ),
                _ONCE,
            )


async def other_content_under_a_known_key_changes_nothing(trial: Trial[Speaker]) -> None:
    request = trial.request()
    await trial.taken(request, _TAKE)
    before = await trial.answered(request)
    heard = await trial.speaker.deliver(replace(request, text="不同的内容 · something else under the same key"))
    expect(heard, (Kind.TAKEN, Kind.REFUSED), _ONCE)
    now = await trial.speaker.ask(request)
    if now.kind is not Kind.ANSWERED or now.reply != before:
        raise Broken(
            said(f"原有答复变了，现为：{now.seen.zh}", f"the answer that was there has changed, now: {now.seen.en}"),
            _ONCE,
        )


async def later_rounds_may_come_first(trial: Trial[Speaker]) -> None:
    first = trial.request()
    second = next_round(first)
    change = said("每一轮单独收下：消息可能后发先至", "take in each round by itself: messages may overtake each other")
    for request in (second, first):
        await trial.taken(request, change)
    await trial.answered(second)
    await trial.answered(first)


async def a_request_past_its_due_instant_is_taken(trial: Trial[Speaker]) -> None:
    request = replace(trial.request(), due_in=timedelta(days=-1))
    await trial.taken(
        request, said("照常收下：答复是否逾期由我方判断", "take it in: whether an answer is late is judged here")
    )
    await trial.answered(request)


async def what_a_later_version_adds_is_passed_over(trial: Trial[Speaker]) -> None:
    request = replace(trial.request(), extra={"field_of_a_later_version": {"nested": [1, 2]}})
    await trial.taken(request, said("忽略不认识的字段和元素", "ignore fields and elements that you do not know"))


async def a_large_request_breaks_nothing(trial: Trial[Speaker]) -> None:
    heard = await trial.speaker.deliver(replace(trial.request(), text="长" * 70_000))
    expect(heard, (Kind.TAKEN, Kind.REFUSED), said("收下，或以 413 拒绝", "take it in, or refuse it with 413"))


async def what_is_no_message_is_refused(trial: Trial[Speaker]) -> None:
    request = trial.request()
    for name, heard in (await trial.speaker.deliver_spoilt(request)).items():
        if heard.kind is not Kind.REFUSED:
            raise Broken(
                said(
                    f"不合格的内容（{name}）得到：{heard.seen.zh}", f"a malformed message ({name}) got: {heard.seen.en}"
                ),
                _REFUSE,
            )
    expect(
        await trial.speaker.ask(request),
        (Kind.UNKNOWN,),
        said("被拒绝的内容不得留下任何痕迹", "store nothing of what you refuse"),
    )
