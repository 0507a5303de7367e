"""The `liandong` command."""

import typer

from cli import calendar, case, clock, department, evidence, policy, retention, token
from cli.certify import certify_command
from cli.demo import demo
from cli.screen import LiandongGroup
from cli.up import api, up
from cli.verify import verify

app = typer.Typer(
    cls=LiandongGroup,
    help="联动 · Coordinates one escalated case across several departments, with every legal clock kept.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
app.command()(up)
app.command()(demo)
app.command()(api)
app.add_typer(case.app, name="case")
app.add_typer(clock.app, name="clock")
app.add_typer(calendar.app, name="calendar")
app.add_typer(department.app, name="department")
app.add_typer(evidence.app, name="evidence")
app.add_typer(policy.app, name="policy")
app.add_typer(retention.app, name="retention")
app.add_typer(token.app, name="token")
app.command("certify")(certify_command)
app.command()(verify)
