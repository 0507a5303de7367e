"""What an operator reads when a start fails is Chinese · English, whoever raises it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bootstrap.policies import PolicyError, load_policy

ROOT = Path(__file__).resolve().parents[2]
PLACES = [*(ROOT / "bootstrap").rglob("*.py"), *(ROOT / "cli").rglob("*.py"), ROOT / "worker.py"]
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in PLACES}


def _kinds() -> set[str]:
    """Subclasses of OperatorError, the command line's own and those below them."""
    found = {"OperatorError", "ScriptError", "DecisionError", "Surprise"}
    classes = [node for tree in TREES.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    for _ in classes:
        found |= {one.name for one in classes if {getattr(base, "id", "") for base in one.bases} & found}
    return found


def _said(node: ast.expr) -> str:
    """The text that is written in the source; what is filled in is left out."""
    return "".join(
        part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)
    )


def _messages() -> Iterator[tuple[str, str]]:
    # What it says stands behind a sentence in both languages (`cli.screen.explained`)
    kinds = _kinds() - {"ApiAway"}
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in kinds and node.args:
                yield f"{path.relative_to(ROOT)}:{node.lineno}", _said(node.args[0])


def test_every_message_for_an_operator_has_its_chinese() -> None:
    told = dict(_messages())
    assert len(told) > 40
    english = {where: said for where, said in told.items() if re.search(r"[a-z]{3,} [a-z]{2,}", said)}
    assert len(english) > 20
    assert not {where: said for where, said in english.items() if not re.search(r"[\u4e00-\u9fff]", said)}


def test_a_wrong_policy_says_so_first_and_each_line_what_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as refused:
        load_policy(tmp_path)
    first, *lines = str(refused.value).splitlines()
    assert first.startswith("本区配置有误")
    assert "ladders.toml: 缺少此文件 · file not found" in "\n".join(lines)
