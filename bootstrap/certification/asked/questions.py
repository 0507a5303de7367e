"""How a department that is asked tells its answers: truly, in form, and always the same once they are final."""

from bootstrap.certification.asked.heard import Kind, Speaker, Together
from bootstrap.certification.asked.polled import Polled
from bootstrap.certification.asked.trial import Trial, expect
from bootstrap.certification.finding import Broken, NotOffered, Said, said
from bootstrap.certification.request import Request

_NOT_MODIFIED = 304
_TAKE = said("收下请求", "take the request in")
_WITHDRAWN = said(
    "撤回：应答成功；无可撤回时 404、409 或 410（SOAP：故障 unknown-request）。可以重复",
    "answer a withdrawal with success, or 404, 409, 410 (SOAP: the fault unknown-request) when there is nothing to "
    "withdraw; it may come twice",
)
_UNKNOWN = said(
    '从未收到的轮次须答 404（SOAP：status="unknown"）；答 pending 会使丢失的请求无人知晓',
    'say 404 (SOAP: status="unknown") about a round that you never took in: pending would hide a lost request',
)
_EACH = said(
    "同时问多轮时，逐轮照实应答；不支持则对该地址答 404（SOAP 必须支持）",
    "asked about many rounds, tell the truth about each; without this question answer 404 (SOAP must have it)",
)
_ETAG = said(
    "ETag 随内容变化；带 If-None-Match 且内容未变时答 304。做不到就不要给 ETag",
    "change the ETag with the content, and answer 304 to If-None-Match while it is the same; or leave the ETag out",
)


async def answers_it(trial: Trial[Speaker]) -> None:
    request = trial.request()
    await trial.taken(request, _TAKE)
    await trial.answered(request)


async def is_pending_until_it_is_answered(trial: Trial[Speaker]) -> None:
    request = trial.request()
    await trial.taken(request, _TAKE)
    change = said(
        "收下之后立即可问，答 pending 或 answered，不得 404",
        "know a round as soon as it has its receipt: pending or answered",
    )
    heard = await trial.speaker.ask(request)
    if heard.kind in (Kind.UNKNOWN, Kind.REFUSED, Kind.STRANGER):
        raise Broken(heard.seen, change)


async def a_final_answer_stays(trial: Trial[Speaker]) -> None:
    request = trial.request()
    await trial.taken(request, _TAKE)
    before = await trial.answered(request)
    await trial.quiet()
    change = said(
        "最终答复一经给出不得更改或收回；每次询问都照原样应答",
        "the first final answer stands: tell the same each time you are asked",
    )
    for _ in range(2):
        now = expect(await trial.speaker.ask(request), (Kind.ANSWERED,), change)
        if now.reply != before:
            raise Broken(said("同一轮的最终答复前后不同", "one round got two different final answers"), change)


async def an_unknown_round_is_said_to_be_unknown(trial: Trial[Speaker]) -> None:
    expect(await trial.speaker.ask(trial.request()), (Kind.UNKNOWN,), _UNKNOWN)


async def a_withdrawal_is_understood(trial: Trial[Speaker]) -> None:
    request = trial.request()
    await trial.taken(request, _TAKE)
    for over in (request, request, trial.request()):
        expect(await trial.speaker.withdraw(over), (Kind.TAKEN, Kind.UNKNOWN), _WITHDRAWN)


async def many_rounds_are_told_apart(trial: Trial[Speaker]) -> None:
    known, fresh, never = trial.request(), trial.request(), trial.request()
    for request in (known, fresh):
        await trial.taken(request, _TAKE)
    reply = await trial.answered(known)
    found = await trial.speaker.ask_together([known, fresh, never])
    if found is None:
        raise NotOffered(said("不支持同时问多轮，可以", "many rounds at once are not offered, and need not be"))
    if found.unreadable is not None:
        raise Broken(found.unreadable, _EACH)
    heard = found.rounds.get(known.round)
    if heard is None or heard.kind is not Kind.ANSWERED or heard.reply != reply:
        raise _wrong(known.round, heard.seen if heard else None)
    heard = found.rounds.get(fresh.round)
    if heard is None or heard.kind not in (Kind.PENDING, Kind.ANSWERED):
        raise _wrong(fresh.round, heard.seen if heard else None)
    heard = found.rounds.get(never.round)
    if heard is not None and heard.kind is not Kind.UNKNOWN:
        raise _wrong(never.round, heard.seen)


async def an_etag_is_honoured(trial: Trial[Polled]) -> None:
    request = trial.request()
    await trial.taken(request, _TAKE)
    early = await _asked_with(trial, request, None)
    if early.etag is None:
        raise NotOffered(said("没有给 ETag，可以", "no ETag is offered, and need not be"))
    await trial.answered(request)
    answered = await _asked_with(trial, request, None)
    before = early.rounds.get(request.round)
    if before is not None and before.kind is Kind.PENDING:
        if answered.etag == early.etag:
            raise Broken(said("答复已到，ETag 未变", "an answer came and the ETag stayed the same"), _ETAG)
        if (await _asked_with(trial, request, early.etag)).status == _NOT_MODIFIED:
            raise Broken(said("内容已变仍答 304", "304 although the answer had come meanwhile"), _ETAG)
    if (await _asked_with(trial, request, answered.etag)).status != _NOT_MODIFIED:
        raise Broken(said("内容未变，未答 304", "no 304 although nothing has changed"), _ETAG)


async def _asked_with(trial: Trial[Polled], request: Request, etag: str | None) -> Together:
    found = await trial.speaker.ask_together([request], etag)
    if found is None or found.unreadable is not None:
        seen = found and found.unreadable
        raise Broken(
            seen or said("时而支持同时问多轮，时而不支持", "many rounds at once are offered only sometimes"), _EACH
        )
    return found


def _wrong(round_: str, seen: Said | None) -> Broken:
    told = seen or said("没有提到", "left out")
    return Broken(said(f"{round_}：{told.zh}", f"{round_}: {told.en}"), _EACH)
