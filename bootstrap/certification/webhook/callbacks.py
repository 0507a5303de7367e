"""How a department calls back: again when our door was busy, never after a final no, and always in form."""

import json

from bootstrap.certification.finding import Broken, said
from bootstrap.certification.webhook.trial import Trial


async def a_busy_door_is_tried_again(trial: Trial) -> None:
    request = trial.sender.request()
    trial.door.busy[request.round] = 2
    await trial.sender.dispatch(request)
    change = said(
        "遇到 5xx、408、425、429：用同一 webhook-id 和同样的内容重发，间隔递增",
        "after 5xx, 408, 425 or 429 send the same body under the same webhook-id again, slower each time",
    )

    def through() -> bool:
        return any(arrival.status == 200 for arrival in trial.door.of(request.round))

    if not await trial.door.wait(through, trial.times.patience):
        seen = len(trial.door.of(request.round))
        raise Broken(
            said(
                f"我方应答 503 之后没有再收到（共 {seen} 次）", f"after our 503 nothing came through ({seen} attempts)"
            ),
            change,
        )
    busy = [arrival for arrival in trial.door.of(request.round) if arrival.status == 503]

    def taken() -> dict[str, bytes]:
        """By message id."""
        arrivals = trial.door.of(request.round)
        return {one.message.message_id: one.body for one in arrivals if one.message and one.status == 200}

    if not await trial.door.wait(
        lambda: all(one.message and one.message.message_id in taken() for one in busy), trial.times.patience
    ):
        raise Broken(
            said(
                "遇到 503 的消息没有用原 webhook-id 再来",
                "the message that got 503 never came again under its webhook-id",
            ),
            change,
        )
    if any(one.message and taken()[one.message.message_id] != one.body for one in busy):
        raise Broken(
            said("重发用了同一 webhook-id，内容却不同", "the repetition had the same webhook-id and another body"),
            change,
        )


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
        raise Broken(
            said("得到 409 的回调又发了一次", "a callback that got 409 was sent again"),
            said("409 之后不要重发：已留存，不生效", "do not repeat after 409: it was kept and has no effect"),
        )


async def every_callback_was_in_order(trial: Trial) -> None:
    problems = "; ".join(sorted({arrival.problem for arrival in trial.door.arrivals if arrival.problem}))[:500]
    if problems:
        raise Broken(
            said(problems, problems),
            said(
                "格式见 callback.schema.json 和接入说明中回调一节",
                "callback.schema.json and the chapter on callbacks say what is needed",
            ),
        )


async def no_round_was_answered_twice_differently(trial: Trial) -> None:
    for round_ in sorted(trial.door.asked):
        answers = {
            json.dumps(json.loads(one.body)["data"]["reply"], sort_keys=True) for one in trial.door.finals(round_)
        }
        if len(answers) > 1:
            raise Broken(
                said(
                    f"{round_} 收到 {len(answers)} 个不同的最终答复",
                    f"{round_} got {len(answers)} different final answers",
                ),
                said("以第一个最终答复为准，不得更改", "the first final answer stands"),
            )
