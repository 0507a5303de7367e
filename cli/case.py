"""`liandong case …`: lists and single cases, through the public API."""

import asyncio
import json
from typing import Annotated

import typer

from bootstrap.api_client import Json, segment
from cli import fact_text, labels
from cli.case_view import show_case
from cli.decide import HELP, decide
from cli.follow_ups import follow_ups
from cli.screen import console, local, table
from cli.session import AS_HELP, speaking_as
from domain.codes import CaseStage, Cause, Outcome

app = typer.Typer(no_args_is_help=True, add_completion=False)

CaseNumber = Annotated[str, typer.Argument(help="案件编号 · Case number, for example LD-2026-000001.")]
As = Annotated[str, typer.Option("--as", help=AS_HELP)]
AsJson = Annotated[bool, typer.Option("--json", help="原样输出 · Print what the API answered.")]


app.command(help=HELP)(decide)
app.command("follow-ups")(follow_ups)


@app.command("list")
def list_cases(
    stage: Annotated[CaseStage | None, typer.Option(help="阶段 · Only this stage.")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="超期 · Only overdue ones.")] = False,
    waiting_on: Annotated[str | None, typer.Option(help="部门 · Waiting on this department.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="行数 · How many lines.")] = 50,
    person: As = "leader",
) -> None:
    """案件列表 · Newest first."""
    query = {"stage": stage, "overdue": "true" if overdue else None, "waiting_on": waiting_on, "limit": limit}
    page = asyncio.run(_get("/v1/cases", person, **query))
    columns = [
        "编号 Case",
        "标题 Title",
        "阶段 Stage",
        "原因 Cause",
        "等待 Waiting on",
        "下次到期 Next due",
        "结果 Outcome",
    ]
    rows = [_line(item) for item in page["items"]]
    console().print(table(f"案件 · Cases ({len(rows)})", columns, rows))
    if page.get("next_cursor"):
        console().print(f"还有更多 · There are more: raise --limit (shown: {limit}).")


@app.command()
def show(case_id: CaseNumber, person: As = "leader", as_json: AsJson = False) -> None:
    """案件详情 · One case with its requests and their answers."""
    case = asyncio.run(_get(f"/v1/cases/{segment(case_id)}", person))
    if as_json:
        print(json.dumps(case, ensure_ascii=False, indent=2))
        return
    show_case(console(), case)


@app.command()
def timeline(case_id: CaseNumber, person: As = "leader", as_json: AsJson = False) -> None:
    """时间线 · What happened, fact by fact."""
    told = asyncio.run(_get(f"/v1/cases/{segment(case_id)}/timeline", person))
    if as_json:
        print(json.dumps(told, ensure_ascii=False, indent=2))
        return
    rows = [
        [
            str(fact["position"]),
            local(fact["at"], seconds=True),
            fact_text.kind(fact["kind"]),
            fact["actor"],
            _subject(fact),
            fact_text.details(fact),
        ]
        for fact in told["facts"]
    ]
    columns = ["#", "时间 At", "事实 Fact", "谁 Who", "请求 Request", "内容 What"]
    console().print(table(f"{case_id} 时间线 · Timeline", columns, rows))


async def _get(path: str, person: str, **query: str | int | None) -> Json:
    async with speaking_as(person) as api:
        return await api.get(path, **query)


def _line(item: Json) -> list[str]:
    waiting = sorted({one["department"] for one in item["requests"] if one["state"] == "OPEN" and one["department"]})
    due = local(item["next_due_at"]) + (" 超期!" if item["overdue"] else "")
    outcome = (
        labels.both(Outcome, item["outcome"])
        if item["outcome"]
        else ("待决定 decide" if item["decision_needed"] else "–")
    )
    return [
        item["case_id"],
        item["title"],
        labels.both(CaseStage, item["stage"]),
        labels.both(Cause, item["cause"]),
        ", ".join(waiting) or "–",
        due,
        outcome,
    ]


def _subject(fact: Json) -> str:
    if not fact["request_id"]:
        return "–"
    key = str(fact["request_id"]).partition(".")[2]
    return f"{key} r{fact['round']}" if fact["round"] else key
