"""`liandong department …`: the directory and the keys, through the public API of the running product."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.markup import escape

from bootstrap.api_client import Json, segment
from cli import labels
from cli.screen import CommandError, console, harmless, table
from cli.session import AS_HELP, speaking_as
from domain.codes import Technique

app = typer.Typer(no_args_is_help=True, add_completion=False)

Code = Annotated[str, typer.Argument(help="部门代码 · Department code, for example market.")]
As = Annotated[str, typer.Option("--as", help=AS_HELP)]
NameZh = Annotated[str, typer.Option(help="中文名 · Chinese name.")]
NameEn = Annotated[str, typer.Option(help="英文名 · English name.")]
Setting = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="设置 · key=value with the keys of departments.toml, repeatable: reply_limit='3 working_days', "
        "signs=false, quiet=21:00-07:00; an empty value takes it away.",
    ),
]
Reason = Annotated[str, typer.Option("--reason", help="原因 · Why; it stands in the audit.")]
_MARKS = {True: "✓", False: "✗", None: "–"}


@app.command("list")
def list_departments(person: As = "admin") -> None:
    """部门目录 · Every department and whether it takes part."""
    found = asyncio.run(_get("/v1/departments", person))
    rows = [
        [
            one["code"],
            one["name_zh"],
            one["name_en"],
            labels.both(Technique, one["technique"]),
            one["reply_limit"] or "–",
            "✓" if one["enabled"] else "停用 disabled",
        ]
        for one in found["items"]
    ]
    columns = ["代码 Code", "名称 Name", "English", "方式 Technique", "时限 Limit", "启用 Enabled"]
    console().print(table(f"部门 · Departments ({len(rows)})", columns, rows))


@app.command()
def show(code: Code, person: As = "admin") -> None:
    """部门条目 · One entry with its address and settings; never its keys."""
    entry = asyncio.run(_get(f"/v1/departments/{segment(code)}", person))
    _print_entry(entry)


@app.command()
def add(
    code: Code,
    name_zh: NameZh,
    name_en: NameEn,
    technique: Annotated[Technique, typer.Option(help="方式 · How the department is reached.")],
    base_url: Annotated[str, typer.Option(help="地址 · Its address.")] = "",
    own_network: Annotated[str | None, typer.Option(help="专网 · CIDR, when the address is not public.")] = None,
    mail: Annotated[str | None, typer.Option(help="邮箱 · Of people: a link goes there as well.")] = None,
    reply_limit: Annotated[str | None, typer.Option(help="时限 · For example '3 working_days'.")] = None,
    max_concurrency: Annotated[int, typer.Option(min=1, max=256, help="并发 · Connections at a time.")] = 8,
    settings: Setting = None,
    person: As = "admin",
) -> None:
    """新增部门 · Add one on an existing technique; it takes part at once. Its keys are printed once."""
    body: Json = {
        "code": code,
        "name_zh": name_zh,
        "name_en": name_en,
        "technique": technique.value,
        "base_url": base_url,
        "own_network": own_network,
        "mail": mail,
        "reply_limit": reply_limit,
        "max_concurrency": max_concurrency,
    }
    added = asyncio.run(_post("/v1/departments", body | read_settings(settings or []), person))
    console().print(f"✓ {escape(code)} 已加入 · added")
    _print_keys(added["keys"])
    if officer := added["officer"]:
        console().print(
            f"[bold]经办人令牌只显示这一次 · Token of {escape(officer['person_id'])}, shown only this once[/]"
        )
        console().print(f"  {escape(officer['token'])}", soft_wrap=True)
        console().print("下一步 · Next: give it to the officer, who answers in the inbox (`/v1/inbox`)")
        return
    console().print(f"下一步 · Next: give them to the department, then `liandong department check {escape(code)}`")


@app.command()
def change(
    code: Code,
    settings: Setting = None,
    name_zh: Annotated[str | None, typer.Option(help="中文名 · Chinese name.")] = None,
    name_en: Annotated[str | None, typer.Option(help="英文名 · English name.")] = None,
    person: As = "admin",
) -> None:
    """修改部门 · Set what is named, from the next message on; everything else stays."""
    wanted = {"name_zh": name_zh, "name_en": name_en}
    named = {name: value for name, value in wanted.items() if value is not None}
    _print_entry(asyncio.run(_changed(code, named | read_settings(settings or []), person)))


@app.command()
def check(code: Code, person: As = "admin") -> None:
    """检查 · Send a signed trial message: reachable, encrypted, same time, key accepted. Exit status 1 when not."""
    report = asyncio.run(_post(f"/v1/departments/{segment(code)}/check", None, person))
    rows = [[_MARKS[step["passed"]], step["name"], step["detail"]] for step in report["steps"]]
    console().print(table(f"{code} 检查 · Check", ["", "项目 What", "说明 Detail"], rows))
    if not report["passed"]:
        raise typer.Exit(1)


@app.command("rotate-key")
def rotate_key(
    code: Code,
    overlap_hours: Annotated[int, typer.Option(min=0, max=720, help="旧钥有效小时 · Former keys stay good.")] = 24,
    shared: Annotated[bool, typer.Option(help="共享密钥 · Replace the shared secret or token.")] = True,
    asymmetric: Annotated[
        bool | None, typer.Option(help="非对称签名 · Sign with a new ed25519 key too, or no longer.")
    ] = None,
    public_key: Annotated[
        list[str] | None, typer.Option(help="部门公钥 · The department's own ed25519 key (whpk_…); repeatable.")
    ] = None,
    person: As = "admin",
) -> None:
    """更换密钥 · New keys, printed once; the former ones stay good for the overlap."""
    body: Json = {"shared": shared, "overlap_hours": overlap_hours, "asymmetric": asymmetric, "public_keys": public_key}
    keys = asyncio.run(_post(f"/v1/departments/{segment(code)}/rotate-key", body, person))
    _print_keys(keys)


@app.command()
def disable(code: Code, reason: Reason, person: As = "admin") -> None:
    """停用 · New plans refuse it; what it owes becomes its duty leaders' decision."""
    told = asyncio.run(_post(f"/v1/departments/{segment(code)}/disable", {"reason": reason}, person))
    console().print(f"✓ {escape(code)} 已停用 · disabled; 转值班长决定 · handed over: {told['handed_over']}")


@app.command()
def enable(code: Code, reason: Reason, person: As = "admin") -> None:
    """启用 · Bring it back; new plans may name it again."""
    asyncio.run(_post(f"/v1/departments/{segment(code)}/enable", {"reason": reason}, person))
    console().print(f"✓ {escape(code)} 已启用 · enabled")


def read_settings(said: Sequence[str]) -> Json:
    """Values as the API takes them. Raises CommandError for what is no setting."""
    read: Json = {}
    for one in said:
        name, sign, value = one.partition("=")
        if not sign or not name:
            raise CommandError(f"设置写作 key=value · a setting reads key=value: {one}")
        read[name] = _value(name, value.strip())
    return read


def _value(name: str, text: str) -> str | int | bool | Json | None:
    if name == "base_url":
        return text
    if text == "":
        return None
    if text in ("true", "false"):
        return text == "true"
    if name == "quiet":
        starts, _, ends = text.partition("-")
        return {"starts": starts.strip(), "ends": ends.strip()}
    return int(text) if text.isascii() and text.isdigit() else text


def _print_entry(entry: Json) -> None:
    rows = [[name, _shown(value)] for name, value in entry.items()]
    console().print(table(f"{entry['code']} 部门条目 · Entry", ["设置 Setting", "值 Value"], rows))


def _shown(value: object) -> str:
    match value:
        case None:
            return "–"
        case bool():
            return str(value).lower()
        case dict():
            return f"{value['starts']}-{value['ends']}"
        case _:
            return str(value)


async def _changed(code: str, settings: Json, person: str) -> Json:
    path = f"/v1/departments/{segment(code)}"
    async with speaking_as(person) as api:
        entry = await api.get(path)
        identity = {name: entry[name] for name in ("name_zh", "name_en", "technique")}
        return await api.put(path, identity | settings)


def _print_keys(keys: Json) -> None:
    if not any(keys.values()):
        return
    named = {
        "webhook_secret": "共享密钥 · shared secret",
        "bearer_token": "令牌 · bearer token",
        "public_key": "我方公钥 · our public key",
        "used_from": "启用时间 · used from",
        "former_until": "旧钥有效至 · former keys good until",
    }
    console().print("[bold]密钥只显示这一次 · Keys are shown only this once[/]")
    for name, label in named.items():
        if keys.get(name):
            console().print(f"  {label}: {escape(harmless(str(keys[name])))}", soft_wrap=True)


async def _get(path: str, person: str) -> Json:
    async with speaking_as(person) as api:
        return await api.get(path)


async def _post(path: str, body: Json | None, person: str) -> Json:
    async with speaking_as(person) as api:
        return await api.post(path, body or {})
