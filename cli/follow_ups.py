"""`liandong case follow-ups`: what happened after the outcome."""

import asyncio
import json
from typing import Annotated

import typer

from bootstrap.api_client import Json, segment
from cli import labels
from cli.screen import console, in_both, local, overdue_since, table
from cli.session import AS_HELP, speaking_as
from domain.follow_up import FollowUpEnd, Rating, ReviewTreatment


def follow_ups(
    case_id: Annotated[str, typer.Argument(metavar="CASE", help="案件编号 · Case number.")],
    person: Annotated[str, typer.Option("--as", help=AS_HELP)] = "leader",
    as_json: Annotated[bool, typer.Option("--json", help="原样输出 · Print what the API answered.")] = False,
) -> None:
    """回访 · Calls after the outcome, the requester's rating, and what was done about a bad one."""
    told = asyncio.run(_get(case_id, person))
    if as_json:
        print(json.dumps(told, ensure_ascii=False, indent=2))
        return
    columns = ["#", "启动 Ordered", "应回访 Call due", "回访 Calls", "评价 Rating", "差评处置 Review", "状态 State"]
    console().print(table(f"{case_id} 回访 · Follow-ups", columns, [_row(one) for one in told["items"]]))
    if not told["items"]:
        console().print("还没有回访 · none yet: a follow-up begins when a coordinated case has ended.")


async def _get(case_id: str, person: str) -> Json:
    async with speaking_as(person) as api:
        return await api.get(f"/v1/cases/{segment(case_id)}/follow-ups")


def _row(follow_up: Json) -> list[str]:
    state = follow_up["state"]
    begun = [str(follow_up["number"]), local(follow_up["ordered_at"], seconds=True)]
    if state is None:
        return [*begun, "–", "–", "–", "–", "已启动 ordered"]
    rating, review = state["rating"], state["review"]
    calls = [f"{local(one['at'], seconds=True)} {_call(one)}" for one in state["attempts"]]
    return [
        *begun,
        local(state["call"]["due_at"], seconds=True) + _mark(state["call"]["due_at"], done=state["call_over"]),
        "\n".join(calls) or "–",
        f"{labels.both(Rating, rating['coordination'])}\n{rating['comment']}".strip() if rating else "–",
        _review(review) if review else "–",
        _state(follow_up, state),
    ]


def _call(attempt: Json) -> str:
    if not attempt["reached"]:
        return "未接通 not reached"
    return "已解决 resolved" if attempt["resolved"] else "未解决 not resolved"


def _review(review: Json) -> str:
    if review["contacted_at"]:
        lines = [f"已联系 contacted {local(review['contacted_at'], seconds=True)}"]
    else:
        due_at = review["contact"]["due_at"]
        lines = [f"联系期限 contact due {local(due_at)}{_mark(due_at, done=False)}"]
    if review["decision"] and not review["treatment"]:
        due_at = review["decision"]["due_at"]
        lines.append(f"处置决定期限 decide by {local(due_at)}{_mark(due_at, done=False)}")
    if review["treatment"]:
        lines.append(f"{labels.both(ReviewTreatment, review['treatment'])}: {review['reason']}")
    if review["rectification"]:
        due_at, done = review["rectification"]["due_at"], review["finished_at"]
        lines.append(f"整改期限 rectify by {local(due_at)}{_mark(due_at, done=done is not None)}")
    return "\n".join(lines)


def _mark(due_at: str | None, *, done: bool) -> str:
    return " 逾期 overdue" if not done and overdue_since(due_at) else ""


def _state(follow_up: Json, state: Json) -> str:
    if state["ended_at"]:
        ended = f"已结束 ended: {labels.both(FollowUpEnd, state['end'])}"
    else:
        ended = f"等待 waits for: {in_both(state['waiting_for_zh'], state['waiting_for']) or '–'}"
    reopened = follow_up["reopened_as"]
    return f"{ended}\n重办 reopened: {reopened}" if reopened else ended
