"""The rules of the contract that a department's endpoint is tried against, one function each."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from adapters.http_client import HttpReply
from adapters.webhook_signature import new_secret
from bootstrap.certification.door import Door
from bootstrap.certification.sender import Request, Sender, Wrong, next_round

TAKEN = (200, 201, 202, 204)
HAS_IT = (*TAKEN, 409)
NOTHING_TO_WITHDRAW = (*TAKEN, 404, 409, 410)
_STRANGER = (400, 401, 403)
_STALE = timedelta(minutes=10)


class Broken(Exception):
    """The rule is broken; what was seen, and what to change."""

    def __init__(self, reason: str, change: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.change = change


@dataclass
class Trial:
    sender: Sender
    door: Door
    patience: float
    """Seconds until an answer must have come."""
    settle: float
    """Seconds in which something that must not come would have come."""

    def quiet(self) -> Awaitable[None]:
        return asyncio.sleep(self.settle)

    async def answered(self, request: Request) -> None:
        if not await self.door.wait(lambda: bool(self.door.finals(request.round)), self.patience):
            raise Broken(
                f"no final answer to {request.round} came within {self.patience:g} s",
                "answer every request.dispatched with a request.replied at its reply_to",
            )


async def takes_a_request(trial: Trial) -> None:
    reply = await trial.sender.dispatch(trial.sender.request())
    if 300 <= reply.status < 400:
        raise Broken(f"a redirect (HTTP {reply.status})", "answer at the address itself: redirects are never followed")
    _expect(reply, TAKEN, "answer 2xx once the request is stored")
    if _receipt(reply) is None:
        raise Broken('no {"receipt": "…"} in the answer', "answer with JSON that names your own number as receipt")


async def answers_it(trial: Trial) -> None:
    request = trial.sender.request()
    await trial.sender.dispatch(request)
    await trial.answered(request)


async def a_repetition_has_one_effect(trial: Trial) -> None:
    request = trial.sender.request()
    first = await trial.sender.dispatch(request)
    _expect(first, TAKEN, "take in the first send")
    again = await asyncio.gather(*(trial.sender.dispatch(request) for _ in range(3)))
    change = "keep the webhook-id of each request for the life of the case; answer a repetition with the first receipt"
    for reply in again:
        _expect(reply, HAS_IT, change)
        if _receipt(reply) != _receipt(first):
            raise Broken(f"receipt {_receipt(first)} became {_receipt(reply)} for the same request", change)
    await trial.answered(request)
    await trial.quiet()
    _one_answer(trial, request)


async def other_content_under_a_known_key_changes_nothing(trial: Trial) -> None:
    request = trial.sender.request()
    await trial.sender.dispatch(request)
    await trial.answered(request)
    reply = await trial.sender.dispatch(replace(request, text="不同的内容 · something else under the same key"))
    if reply.status >= 500:
        raise Broken(f"HTTP {reply.status}", "answer a known key with 409 and its receipt, whatever the content")
    await trial.quiet()
    _one_answer(trial, request)


async def later_rounds_may_come_first(trial: Trial) -> None:
    first = trial.sender.request()
    second = next_round(first)
    for request in (second, first):
        reply = await trial.sender.dispatch(request)
        _expect(reply, TAKEN, "take in each round by itself: messages may overtake each other")
    await trial.answered(second)
    await trial.answered(first)


async def a_request_past_its_due_instant_is_taken(trial: Trial) -> None:
    request = replace(trial.sender.request(), due_in=timedelta(days=-1))
    _expect(await trial.sender.dispatch(request), TAKEN, "take it in: whether an answer is late is judged here")
    await trial.answered(request)


async def unknown_fields_are_passed_over(trial: Trial) -> None:
    request = replace(trial.sender.request(), extra={"field_of_a_later_version": {"nested": [1, 2]}})
    _expect(await trial.sender.dispatch(request), TAKEN, "ignore fields that you do not know")


async def one_right_signature_of_two_is_enough(trial: Trial) -> None:
    both = Wrong(secrets=(new_secret(), *trial.sender.secrets))
    request = trial.sender.request()
    trial.door.asked.add(request.round)
    reply = await trial.sender.dispatch(request, both)
    _expect(reply, TAKEN, "try every signature in webhook-signature: two are sent while a secret is replaced")


async def a_large_request_breaks_nothing(trial: Trial) -> None:
    request = replace(trial.sender.request(), text="长" * 70_000)
    reply = await trial.sender.dispatch(request)
    if reply.status >= 500:
        raise Broken(f"HTTP {reply.status} for 200 KB", "take it in, or refuse it with 413")


async def what_is_no_json_is_refused(trial: Trial) -> None:
    reply = await trial.sender.dispatch(trial.sender.request(), Wrong(body="{"))
    if not 400 <= reply.status < 500:
        raise Broken(
            f"HTTP {reply.status} for a body that is no JSON", "answer 400 or 422; 5xx makes us send it for ever"
        )


def refused(wrong: Callable[[], Wrong], change: str) -> Callable[[Trial], Awaitable[None]]:
    async def check(trial: Trial) -> None:
        request = trial.sender.request()
        reply = await trial.sender.dispatch(request, wrong())
        if reply.status not in _STRANGER:
            raise Broken(f"HTTP {reply.status} instead of 401", change)
        # Whoever is refused must not occupy the key of the real request
        _expect(await trial.sender.dispatch(request), TAKEN, "store nothing of a message that you refuse")

    return check


WRONG_SECRET = refused(lambda: Wrong(secrets=(new_secret(),)), "verify webhook-signature with the shared secret")
NOT_SIGNED = refused(lambda: Wrong(secrets=()), "refuse what carries no signature")
TAMPERED = refused(lambda: Wrong(tampered=True), "verify the signature over the raw bytes as received")
STALE = refused(lambda: Wrong(clock=-_STALE), "refuse a webhook-timestamp more than five minutes from your clock")
FROM_THE_FUTURE = refused(lambda: Wrong(clock=_STALE), "refuse a webhook-timestamp more than five minutes ahead")


async def a_busy_door_is_tried_again(trial: Trial) -> None:
    request = trial.sender.request()
    trial.door.busy[request.round] = 2
    await trial.sender.dispatch(request)
    change = "after 5xx, 408, 425 or 429 send the same body under the same webhook-id again, slower each time"

    def through() -> bool:
        return any(arrival.status == 200 for arrival in trial.door.of(request.round))

    if not await trial.door.wait(through, trial.patience):
        seen = len(trial.door.of(request.round))
        raise Broken(f"after our 503 nothing came through ({seen} attempts)", change)
    busy = [arrival for arrival in trial.door.of(request.round) if arrival.status == 503]
    done = {arrival.message.message_id: arrival.body for arrival in trial.door.of(request.round) if arrival.message
            and arrival.status == 200}  # fmt: skip

    def all_through() -> bool:
        came = {one.message.message_id for one in trial.door.of(request.round) if one.message and one.status == 200}
        return all(one.message and one.message.message_id in came for one in busy)

    if not await trial.door.wait(all_through, trial.patience):
        raise Broken("the message that got 503 never came again under its webhook-id", change)
    for one in busy:
        body = done.get(one.message.message_id, one.body) if one.message else one.body
        if body != one.body:
            raise Broken("the repetition had the same webhook-id and another body", change)


async def a_final_no_is_final(trial: Trial) -> None:
    request = trial.sender.request()
    trial.door.closed.add(request.round)
    await trial.sender.dispatch(request)
    await trial.answered(request)
    await trial.quiet()
    counted: dict[str, int] = {}
    for arrival in trial.door.of(request.round):
        if arrival.message:
            counted[arrival.message.message_id] = counted.get(arrival.message.message_id, 0) + 1
    if max(counted.values(), default=0) > 1:
        raise Broken("a callback that got 409 was sent again", "do not repeat after 409: it was kept and has no effect")


async def a_withdrawal_is_understood(trial: Trial) -> None:
    request = trial.sender.request()
    await trial.sender.dispatch(request)
    change = "answer request.withdrawn with 2xx, or 404, 409, 410 when there is nothing to withdraw"
    _expect(await trial.sender.withdraw(request), NOTHING_TO_WITHDRAW, change)
    _expect(await trial.sender.withdraw(trial.sender.request()), NOTHING_TO_WITHDRAW, change)
    wrong = await trial.sender.withdraw(request, Wrong(secrets=(new_secret(),)))
    if wrong.status not in _STRANGER:
        raise Broken(f"a wrongly signed withdrawal got HTTP {wrong.status}", "verify withdrawals like requests")


async def every_callback_was_in_order(trial: Trial) -> None:
    problems = sorted({arrival.problem for arrival in trial.door.arrivals if arrival.problem})
    if problems:
        raise Broken("; ".join(problems)[:500], "callback.schema.json and the chapter on callbacks say what is needed")


async def no_round_was_answered_twice_differently(trial: Trial) -> None:
    for round_ in sorted(trial.door.asked):
        answers = {
            json.dumps(json.loads(one.body)["data"]["reply"], sort_keys=True) for one in trial.door.finals(round_)
        }
        if len(answers) > 1:
            raise Broken(f"{round_} got {len(answers)} different final answers", "the first final answer stands")


def _one_answer(trial: Trial, request: Request) -> None:
    answers = {one.message.message_id for one in trial.door.finals(request.round) if one.message}
    if len(answers) > 1:
        raise Broken(
            f"{len(answers)} answers under different ids to one round",
            "one round is one effect and one answer; a repetition keeps its webhook-id",
        )


def _expect(reply: HttpReply, statuses: tuple[int, ...], change: str) -> None:
    if reply.status not in statuses:
        raise Broken(f"HTTP {reply.status}, expected {' or '.join(map(str, statuses))}", change)


def _receipt(reply: HttpReply) -> str | None:
    try:
        found = json.loads(reply.body)
    except ValueError:
        return None
    receipt = found.get("receipt") if isinstance(found, dict) else None
    return receipt if isinstance(receipt, str) and receipt else None
