"""The documents name things that exist: links, commands, settings, tests, decisions."""

import re
import subprocess
import tomllib
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from urllib.parse import unquote

import pytest
from pydantic import BaseModel

from bootstrap.settings import Settings, known_variables
from domain.codes import Cause, Outcome, ReplyCode, RequestState, RoundEnd, Technique, TriageDecision
from domain.deferral import Instrument
from domain.joint_decision import DangerousAct
from domain.person import PersonRole
from domain.plan import CompletionRule
from tests.cli.tree import every_command

ROOT = Path(__file__).parent.parent
ADRS = ROOT / "docs" / "adr"
_LINK = re.compile(r"\[[^\]\n]*\]\((?!https?://|mailto:)([^)\s]+)\)")
_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"^```bash$(.*?)^```$", re.MULTILINE | re.DOTALL)
_MAKE = re.compile(r"\bmake ([a-z]+)")
_LIANDONG = re.compile(r"\bliandong((?: [a-z-]+)+)")
_SETTING = re.compile(r"\bLIANDONG_[A-Z_]*[A-Z]\b")
_TEST_FILE = re.compile(r"\btests/[a-z_/]+\.py\b")
_PRODUCT_FILE = re.compile(
    r"(?<![\w./])((?:activities|adapters|api|bench|bootstrap|cli|deploy|domain|policies|services|simulators|store|workflows)"
    r"/[\w/.-]+\.(?:py|toml|json|sh|sql))\b"
)
_NOT_OURS = {".venv", "data", "build", "dist", "node_modules"}


def documents() -> list[Path]:
    """Those that git knows or would take; a copy without git has all of them."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    names = listed.stdout.split() if listed.returncode == 0 else []
    found = [ROOT / name for name in names] or [
        path for path in ROOT.rglob("*.md") if not _NOT_OURS & set(path.relative_to(ROOT).parts)
    ]
    return [path for path in found if path.exists()]


DOCUMENTS = documents()
each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


def anchor(heading: str) -> str:
    """As code hosts make it: lower case, punctuation dropped, blanks to hyphens."""
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower().replace("`", ""))
    return kept.replace(" ", "-")


def anchors(document: Path) -> set[str]:
    text = _FENCED.sub("", document.read_text(encoding="utf-8"))
    return {anchor(heading) for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


COMMANDS = set(every_command())


def test_documents_and_commands_are_found() -> None:
    assert {("up",), ("case", "list"), ("clock", "explain")} <= COMMANDS
    names = {str(path.relative_to(ROOT)) for path in DOCUMENTS}
    assert {"README.md", "README.zh-CN.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/domain.md"} <= names


@each_document
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    broken = []
    for link in _LINK.findall(_FENCED.sub("", document.read_text(encoding="utf-8"))):
        path, _, fragment = unquote(link).partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (fragment and fragment not in anchors(target)):
            broken.append(link)
    assert not broken


@each_document
def test_every_make_target_exists(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {word for span in re.findall(r"`[^`\n]+`|^\$ .*$", text, re.MULTILINE) for word in _MAKE.findall(span)}
    assert named <= targets


@each_document
def test_every_liandong_command_exists(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    unknown = []
    for span in re.findall(r"`[^`\n]+`|^\$ .*$", text, re.MULTILINE):
        for words in _LIANDONG.findall(span):
            named = tuple(words.split())
            if not any(named[: len(known)] == known for known in COMMANDS):
                unknown.append(named)
    assert not unknown


READMES = ("README.md", "README.zh-CN.md")


@pytest.mark.parametrize("readme", READMES)
def test_each_readme_shows_every_command(readme: str) -> None:
    text = (ROOT / readme).read_text(encoding="utf-8")
    missing = [known for known in COMMANDS if f"liandong {' '.join(known)}" not in text]
    assert not missing


def test_both_readmes_run_the_same_commands() -> None:
    """A walkthrough that works in one language works in the other; comments may be translated."""
    said = [_CODE.findall((ROOT / readme).read_text(encoding="utf-8")) for readme in READMES]
    run = [[re.sub(r"\s*#.*", "", line) for block in blocks for line in block.splitlines()] for blocks in said]
    assert len(run[0]) > 20
    assert [line for line in run[0] if line] == [line for line in run[1] if line]


@each_document
def test_every_setting_exists(document: Path) -> None:
    named = set(_SETTING.findall(document.read_text(encoding="utf-8")))
    variables = known_variables()
    unknown = {name for name in named if not any(known == name or known.startswith(f"{name}__") for known in variables)}
    assert not unknown


def defaults(group: type[BaseModel], prefix: str) -> Iterator[tuple[str, object]]:
    for name, field in group.model_fields.items():
        variable = f"{prefix}{name.upper()}"
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from defaults(field.annotation, f"{variable}__")
        else:
            yield variable, field.get_default(call_default_factory=True, validated_data={})


def as_written(default: object) -> str:
    return str(default).lower() if isinstance(default, bool) else str(default)


def test_every_setting_is_explained_with_its_default() -> None:
    text = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(LIANDONG_\w+)` \| ([^|]*) \|", text, re.MULTILINE))
    known = dict(defaults(Settings, "LIANDONG_"))
    assert rows.keys() == known.keys()
    stated = {name: shown.strip("`") for name, shown in rows.items() if re.fullmatch(r"`[^`]+`", shown)}
    assert len(stated) > 20
    stale = {name: known[name] for name, shown in stated.items() if shown.removeprefix("./") != as_written(known[name])}
    assert not stale


@each_document
def test_every_test_file_that_is_named_exists(document: Path) -> None:
    named = set(_TEST_FILE.findall(document.read_text(encoding="utf-8")))
    assert not {name for name in named if not (ROOT / name).exists()}


def test_every_decision_is_listed_once_and_numbered_without_gaps() -> None:
    records = sorted(path.name for path in ADRS.glob("[0-9]*.md"))
    listed = re.findall(r"\]\((\d{4}-[a-z0-9-]+\.md)\)", (ADRS / "README.md").read_text(encoding="utf-8"))
    assert listed == records
    assert [int(name[:4]) for name in records] == list(range(1, len(records) + 1))


@pytest.mark.parametrize("record", sorted(ADRS.glob("[0-9]*.md")), ids=lambda path: path.stem)
def test_every_decision_says_how_it_is_held(record: Path) -> None:
    headings = re.findall(r"^## (.+)$", record.read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[:4] == ["Context", "Decision", "Consequences", "How it is held"]


@pytest.mark.parametrize("readme", READMES)
def test_the_demonstration_cases_that_a_readme_shows_exist(readme: str) -> None:
    scripts = {path.stem.upper() for path in (ROOT / "policies" / "demonstration").glob("*.toml")}
    text = (ROOT / readme).read_text(encoding="utf-8")
    shown = set(re.findall(r"^ ?([A-Z]{1,2}-\d) ", text, re.MULTILINE))
    assert len(shown) > 1
    assert shown <= scripts


@each_document
def test_every_file_of_the_product_that_is_named_exists(document: Path) -> None:
    named = set(_PRODUCT_FILE.findall(document.read_text(encoding="utf-8")))
    assert not {name for name in named if not (ROOT / name).exists()}


def test_the_architecture_names_every_subject() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    subjects = {
        path.name for path in (ROOT / "workflows").glob("*.py") if "(Subject):" in path.read_text(encoding="utf-8")
    }
    assert len(subjects) > 5
    assert not {name for name in subjects if f"`{name}`" not in text}


@pytest.mark.parametrize(
    ("document", "codes"),
    [
        ("../README.zh-CN.md", Outcome),
        ("domain.md", Outcome),
        ("domain.md", ReplyCode),
        ("domain.md", RequestState),
        ("domain.md", RoundEnd),
        ("domain.md", Cause),
        ("domain.md", TriageDecision),
        ("domain.md", CompletionRule),
        ("domain.md", Instrument),
        ("domain.md", DangerousAct),
        ("domain.md", PersonRole),
        ("departments.md", Technique),
        ("departments.md", ReplyCode),
        ("departments.md", Instrument),
        ("departments.zh-CN.md", Technique),
        ("departments.zh-CN.md", ReplyCode),
        ("departments.zh-CN.md", Instrument),
        ("architecture.md", Technique),
    ],
)
def test_every_code_is_explained(document: str, codes: type[StrEnum]) -> None:
    text = (ROOT / "docs" / document).read_text(encoding="utf-8")
    assert not {code.value for code in codes if f"`{code.value}`" not in text}


def test_every_limit_and_every_rung_of_the_district_is_explained() -> None:
    text = (ROOT / "docs" / "domain.md").read_text(encoding="utf-8")
    ladder = tomllib.loads((ROOT / "policies" / "ladders.toml").read_text(encoding="utf-8"))["ladder"]
    rungs = {rung["name"] for rung in ladder["rungs"]}
    clocks = {rung["clock"] for rung in ladder["rungs"]}
    assert len(rungs) > 10
    assert not {name for name in rungs | clocks if f"`{name}`" not in text}
