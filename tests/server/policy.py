"""The shipped policy with departments at the tests' addresses and a ladder that climbs in seconds."""

import re
import shutil
from pathlib import Path

from domain.codes import Technique
from domain.department import Department
from tests.server import gate
from tests.server.process import ROOT

_SHIPPED_SIMULATORS = "http://127.0.0.1:8090"
_LADDER = """
[ladder]
version = "server-tests"
"""
_RUNG = """
[[ladder.rungs]]
name = "{name}"
clock = "{clock}"
when = "{when}"
tell = ["duty_leader"]
channel = "notice"
office_hours_only = false
"""
_RUNGS = (
    ("first_contact_overdue", "first_contact", "at"),
    ("not_signed_for", "sign_for", "at"),
    ("reply_reminder", "reply", "before 2 seconds"),
    ("reply_overdue", "reply", "at"),
    ("duty_leader_decides", "reply", "after 2 seconds"),
    ("external_follow_up", "external_follow_up", "at"),
)


def signing(department: Department) -> Department:
    """As `write_policy` lets it be reached."""
    if department.technique is Technique.POLLED:
        return department
    return department.model_copy(update={"technique": Technique.WEBHOOK})


def write_policy(folder: Path, *, simulators: str, gated: str, soap: bool = False) -> None:
    """`soap`: departments of the XML technique keep it."""
    shutil.copytree(ROOT / "policies", folder, ignore=shutil.ignore_patterns("__pycache__", "demonstration"))
    departments = (folder / "departments.toml").read_text(encoding="utf-8")
    # All but the polled ones sign their messages here: these tests send in the departments' names
    at_the_gate = f'"WEBHOOK"\nbase_url = "{_SHIPPED_SIMULATORS}/{gate.CODE}"\nown_network = "127.0.0.0/8"'
    departments = departments.replace('"PEOPLE"', at_the_gate)
    if not soap:
        departments = departments.replace('"XML"', '"WEBHOOK"')
    departments = departments.replace(f"{_SHIPPED_SIMULATORS}/{gate.CODE}", f"{gated}/{gate.CODE}")
    departments = departments.replace(_SHIPPED_SIMULATORS, simulators)
    departments = re.sub(r"poll_seconds = \d+", "poll_seconds = 1", departments)
    # The tests do not wait for the morning
    departments = re.sub(r"quiet = .*\n", "", departments)
    (folder / "departments.toml").write_text(departments, encoding="utf-8")
    rungs = (_RUNG.format(name=name, clock=clock, when=when) for name, clock, when in _RUNGS)
    (folder / "ladders.toml").write_text(_LADDER + "".join(rungs), encoding="utf-8")
