"""Whatever becomes of an officer's answer, a Chinese sentence says so."""

import ast
from pathlib import Path

from domain.refusal_text import VERDICTS

SERVICES = Path(__file__).resolve().parents[2] / "services"


def _statuses() -> set[str]:
    """What stands beside `"status":` in a body, and the rules that a closed door names."""
    found = {"designation-binds", "objection-too-late"}
    for name in ("callback_verdict.py", "callback_door.py", "receive_message.py"):
        for node in ast.walk(ast.parse((SERVICES / name).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Dict):
                pairs = zip(node.keys, node.values, strict=True)
                found |= {
                    str(value.value) for key, value in pairs if _is_status(key) and isinstance(value, ast.Constant)
                }
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "ClosedDoor":
                found |= {str(one.value) for one in node.args[:1] if isinstance(one, ast.Constant)}
    return found


def _is_status(key: ast.expr | None) -> bool:
    return isinstance(key, ast.Constant) and key.value == "status"


def test_every_status_has_its_chinese_and_no_other() -> None:
    assert _statuses() == VERDICTS.keys()
