"""The `liandong` command: what there is. The module of a command is loaded when it is called."""

from typing import Any

import typer

from cli.later import Later, LaterGroup
from cli.screen import EXPECTED, complain, explained


class LiandongGroup(LaterGroup):
    """Turns every expected failure into a few lines for a person and exit status 1."""

    later = (
        Later("up", "cli.up", "启动 · Run Temporal, API, workers and loops (and the demonstration) until Ctrl-C."),
        Later(
            "demo",
            "cli.demo",
            "演示 · Play the demonstration cases against the product that runs; exit status 1 when one ends otherwise.",
        ),
        Later(
            "api", "cli.api", "只运行接口 · Run the API and its relays only; Temporal and the workers run elsewhere."
        ),
        Later(
            "certify",
            "cli.certify",
            "符合性测试 · Play every situation of the contract against a test system; "
            "exit status 1 when a rule is broken.",
        ),
        Later(
            "verify",
            "cli.verify",
            "核验 · Check the invariants over store and histories; exit status 1 when one is broken.",
        ),
        Later("case", "cli.case", "案件 · Cases: list, show, timeline, decide, follow-ups."),
        Later("clock", "cli.clock", "时钟 · Clocks and why they end when they do."),
        Later("calendar", "cli.calendar", "工作日历 · The working calendar."),
        Later("department", "cli.department", "部门 · Departments: list, add, check, keys, take out and bring back."),
        Later("evidence", "cli.evidence", "证据 · Messages to and from departments, as they were."),
        Later("policy", "cli.policy", "政策 · The district's policy files."),
        Later("retention", "cli.retention", "保存期限 · How long records are kept."),
        Later("token", "cli.token", "令牌 · Tokens that open the API."),
    )

    def invoke(self, ctx: Any) -> object:
        try:
            return super().invoke(ctx)
        except EXPECTED as error:
            complain(*explained(error))
            raise typer.Exit(1) from None


app = typer.Typer(
    cls=LiandongGroup,
    help="联动 · Coordinates one escalated case across several departments, with every legal clock kept.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)


@app.callback()
def _liandong() -> None:
    """The commands are in the group's class."""
