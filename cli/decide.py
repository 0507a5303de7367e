"""`liandong case decide`: any decision about a case, through the public API."""

import asyncio
import json
import uuid
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from bootstrap.api_client import Json, segment
from bootstrap.api_error import ApiAway
from cli.case_view import show_case
from cli.decisions import DECISIONS, About, Decision, DecisionError, path_of, seen_round
from cli.screen import CommandError, console
from cli.session import AS_HELP, speaking_as

_LITERALS = {"true": True, "false": False, "null": None}


def _kinds() -> str:
    lines = []
    for one in DECISIONS.values():
        about = "" if one.about is About.CASE else f" · {one.about.value}"
        fields = f" · {one.fields}" if one.fields else ""
        lines.append(f"{one.kind:<19} {one.zh} {one.en}{about}{fields}")
    return "\n".join(lines)


HELP = f"""决定 · Decide about a case: reassign, designate, close, propose, submit a material, and the others.

Fields with a question mark may be left out; `reply.code=ACCEPTED` sets a field within a field.

\b
种类 · KIND, what it is about, its fields:
{_kinds()}"""


def decide(
    case_id: Annotated[str, typer.Argument(metavar="CASE", help="案件编号 · Case number.")],
    kind: Annotated[str, typer.Argument(help="种类 · One of the list above.", metavar="KIND")],
    reason: Annotated[str, typer.Option(help="理由 · Why; kept with the decision.")],
    request: Annotated[str | None, typer.Option(help="请求 · Key of the request, for example dissolve.")] = None,
    material: Annotated[str | None, typer.Option(help="材料 · Id of the material, for example change-m1.")] = None,
    proposal: Annotated[str | None, typer.Option(help="提请 · Id; default: the only one that waits.")] = None,
    fields: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="内容 · A field; may be repeated.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", exists=True, dir_okay=False, help="内容 · Fields as JSON.")
    ] = None,
    round_: Annotated[
        int | None, typer.Option("--round", help="轮次 · The round it was decided on; default: the latest one.")
    ] = None,
    authority: Annotated[str | None, typer.Option(help="依据文号 · Document that allows it.")] = None,
    key: Annotated[str | None, typer.Option(help="幂等键 · Of an earlier try, to repeat it harmlessly.")] = None,
    person: Annotated[str, typer.Option("--as", help=AS_HELP)] = "leader",
) -> None:
    decision = DECISIONS.get(kind)
    if decision is None:
        raise CommandError(f"没有这种决定 · no such decision: {kind}\n可选 one of: {', '.join(DECISIONS)}")
    body = _body(decision, _content(fields or [], json_file), reason, authority)
    if round_ is not None:
        body = {"round": round_} | body
    named = {About.REQUEST: request, About.MATERIAL: material, About.PROPOSAL: proposal}
    if wrong := [f"--{about.value}" for about, value in named.items() if value and about is not decision.about]:
        raise CommandError(f"{', '.join(wrong)}: 此决定针对另一种对象 · {kind} is about the {decision.about.value}")
    asyncio.run(_decide(case_id, decision, (named.get(decision.about), body, key or uuid.uuid4().hex), person))


async def _decide(case_id: str, decision: Decision, what: tuple[str | None, Json, str], person: str) -> None:
    named, body, key = what
    async with speaking_as(person) as api:
        case = await api.get(f"/v1/cases/{segment(case_id)}")
        try:
            seen = seen_round(decision, case, named)
            if seen is not None:
                body = {"round": seen} | body
            answer = await api.post(path_of(decision, case, named), body, key=key)
        except DecisionError as error:
            raise CommandError(f"{decision.zh} · {error}") from None
        except ApiAway as error:
            # By then another round may have begun, perhaps by this very decision
            again = f"--key {key}" + (f" --round {body['round']}" if "round" in body else "")
            raise CommandError(
                f"联动没有回应 · no answer: {error}\n"
                f"不知是否已生效，请用 {again} 重复一次 · Nobody knows whether it was done: repeat it with {again}"
            ) from None
        # Reopening answers with the new case
        after = await api.get(f"/v1/cases/{segment(str(answer.get('case_id') or case_id))}")
    out = console()
    out.print(f"[green]✓[/] {escape(decision.zh)} {decision.kind}: {escape(after['case_id'])}")
    show_case(out, after)


def _body(decision: Decision, content: Json, reason: str, authority: str | None) -> Json:
    given: Json = {"reason": reason, "authority": authority} if decision.authorised else {"reason": reason}
    if not decision.reasoned:
        given = {"note": reason}
    return {name: value for name, value in given.items() if value is not None} | content


def _content(fields: list[str], json_file: Path | None) -> Json:
    content: Json = {}
    if json_file is not None:
        try:
            content = json.loads(json_file.read_text(encoding="utf-8"))
        except ValueError as error:
            raise CommandError(f"{json_file}: 不是 JSON · not readable as JSON: {error}") from None
        if not isinstance(content, dict):
            raise CommandError(f"{json_file}: 内容应为对象 · the fields are an object: {{…}}")
    for field in fields:
        _set(content, field)
    return content


def _set(content: Json, field: str) -> None:
    name, equals, value = field.partition("=")
    if not equals or not all(name.split(".")):
        raise CommandError(f"--set {field}: 写成 名称=值 · write it as NAME=VALUE")
    *outer, last = name.split(".")
    for part in outer:
        content = content.setdefault(part, {})
        if not isinstance(content, dict):
            raise CommandError(f"--set {field}: {part} 不是对象 · is no object")
    content[last] = _value(field, value)


def _value(field: str, text: str) -> Any:
    """Texts stay texts, numbers of documents too; lists and objects are JSON."""
    if text in _LITERALS:
        return _LITERALS[text]
    if text[:1] not in ("[", "{"):
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        raise CommandError(f"--set {field}: 不是 JSON · not readable as JSON: {error}") from None
