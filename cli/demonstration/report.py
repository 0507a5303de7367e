"""The table at the end of the demonstration, and the same as a file."""

import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.markup import escape

from bootstrap.api_client import Json
from cli import labels
from cli.demonstration.expectation import ObservedDeferral, ObservedMaterial, ObservedRequest
from cli.demonstration.runner import Result
from cli.screen import empty_table, local
from domain.codes import Cause, Outcome, ReplyCode
from domain.deferral import DeferralState, MaterialState
from domain.policy import DistrictPolicy

_COLUMNS = (
    ("案件\nCase", 14),
    ("分类、原因\nCategory, cause", 18),
    ("请求\nAsk", 12),
    ("对象\nWhom", 12),
    ("答复\nAnswer", 22),
    ("到期\nDue", 8),
    ("收到\nReceived", 11),
    ("结果\nOutcome", 16),
)

_Row = tuple[str, str, str, str, str]


class Names(NamedTuple):
    """What the district calls its categories and departments, by code."""

    categories: Mapping[str, str]
    departments: Mapping[str, str]


def names_of(policy: DistrictPolicy) -> Names:
    return Names(
        {category.code: category.name_zh for category in policy.categories},
        {department.code: department.name_zh for department in policy.departments},
    )


def show_results(out: Console, results: Sequence[Result], names: Names) -> None:
    """For each case: category and cause, whom it asked, every answer with its times, outcome against expectation."""
    shown = empty_table("演示结果 · Results")
    for column, width in _COLUMNS:
        shown.add_column(column, max_width=width, overflow="fold")
    for result in results:
        rows = list(zip_longest(_case_lines(result, names), _ask_rows(result, names), _verdict(result)))
        for number, (case, ask, verdict) in enumerate(rows, start=1):
            cells = (*(case or ("", "")), *(ask or ("",) * 5), verdict or "")
            shown.add_row(*cells, end_section=number == len(rows))
    out.print(shown)
    failed = [result for result in results if result.misses]
    for result in failed:
        for miss in result.misses:
            out.print(f"[red]✗ {result.script.id}[/] {escape(miss)}")
    wrong = f"[red]{len(failed)} 件不符 otherwise[/]" if failed else "[green]全部符合预期 all as expected[/]"
    out.print(f"{len(results)} 件案件 cases: {wrong}   (北京时间 times in +08:00)")


def write_results(path: Path, results: Sequence[Result]) -> None:
    """The whole file or none: somebody may be waiting for it to appear."""
    content = {"passed": not any(result.misses for result in results), "cases": [_as_json(one) for one in results]}
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    draft.replace(path)


def _as_json(result: Result) -> Json:
    script, seen = result.script, result.seen
    return {
        "script": script.id,
        "case_id": seen.case_id,
        "title": script.registration.title,
        "category": script.triage.category,
        "cause": script.triage.cause,
        "departments": list(seen.departments),
        "requests": [
            {
                "key": one.key,
                "department": one.department,
                "party": one.party,
                "reply": one.reply,
                "text": one.text,
                "due_at": one.due_at.isoformat() if one.due_at else None,
                "received_at": one.received_at.isoformat() if one.received_at else None,
                "in_time": one.in_time,
                "rungs": list(one.rungs),
                "declined": list(one.declined),
            }
            for one in seen.requests
        ],
        "deferrals": [
            {
                "key": one.key,
                "state": one.state,
                "overridden": one.overridden,
                "materials": [_material_json(material) for material in one.materials],
            }
            for one in seen.deferrals
        ],
        "interim_outcome": seen.interim,
        "same_facts_as": seen.same_facts_as,
        "reopened_from": seen.reopened_from,
        "refusals": list(seen.refusals),
        "outcome": seen.outcome,
        "expected_outcome": script.expect.outcome,
        "misses": list(result.misses),
    }


def _material_json(material: ObservedMaterial) -> Json:
    instants = {"due_at": material.due_at, "came_at": material.came_at, "verified_at": material.verified_at}
    return {
        "key": material.key,
        "name": material.name,
        "state": material.state,
        "rungs": list(material.rungs),
        **{name: at.isoformat() if at else None for name, at in instants.items()},
    }


def _case_lines(result: Result, names: Names) -> list[tuple[str, str]]:
    """Number and kind of the case, one line each."""
    script, seen = result.script, result.seen
    category = script.triage.category or "–"
    return [
        (escape(f"{script.id} {script.place_zh}"), escape(names.categories.get(category, category))),
        (escape(seen.case_id or "–"), labels.chinese(Cause, script.triage.cause)),
        ("", script.triage.cause.value),
    ]


def _ask_rows(result: Result, names: Names) -> list[_Row]:
    """Each ask, and below it who declined it and what became of the materials that it let come later."""
    seen = result.seen
    if not seen.requests:
        return [("未派单", "nobody", "–", "–", "–")]
    promised = {one.key: one for one in seen.deferrals}
    rows: list[_Row] = []
    for one in seen.requests:
        rows.append(_ask_row(one, names))
        rows += [("", _whom(who, names), "退单 declined", "", "") for who in one.declined]
        if (deferral := promised.get(one.key)) is not None:
            rows += _promise_rows(deferral)
    return rows


def _ask_row(one: ObservedRequest, names: Names) -> _Row:
    return (
        escape(one.key),
        _whom(one.department, names) if one.department else escape(one.party or "公告期"),
        labels.both(ReplyCode, one.reply),
        _time(one.due_at),
        _time(one.received_at) + {True: " ✓", False: " [yellow]晚[/]", None: ""}[one.in_time],
    )


def _whom(department: str, names: Names) -> str:
    return escape(f"{names.departments.get(department, '')} {department}".strip())


def _promise_rows(deferral: ObservedDeferral) -> list[_Row]:
    override = [("", "", "值班长特批 overridden", "", "")] if deferral.overridden else []
    materials = [
        (
            escape(one.key),
            escape(one.name),
            labels.both(MaterialState, one.state),
            _time(one.due_at),
            _time(one.verified_at or one.came_at),
        )
        for one in deferral.materials
    ]
    return [*override, *materials, ("", "容缺 promise", labels.both(DeferralState, deferral.state), "", "")]


def _time(instant: datetime | None) -> str:
    return local(instant, seconds=True)[6:] if instant else "–"


def _verdict(result: Result) -> list[str]:
    got = result.seen.outcome
    mark = "[red]✗[/]" if result.misses else "[green]✓[/]"
    lines = [f"{mark} {escape(labels.chinese(Outcome, got))}", got.value if got else "–"]
    if result.seen.interim is not None:
        lines += [f"先{labels.chinese(Outcome, result.seen.interim)}", "(conditional)"]
    if result.seen.same_facts_as is not None:
        lines += ["同一事实 same as", result.seen.same_facts_as]
    if result.seen.reopened_from is not None:
        lines += ["重办自 reopened", result.seen.reopened_from]
    return (
        lines
        if got is result.script.expect.outcome
        else [*lines, f"预期 {labels.both(Outcome, result.script.expect.outcome)}"]
    )
