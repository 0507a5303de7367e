"""Reads a district's policy and its calendar notices from TOML files, and says exactly what is wrong with them."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bootstrap.operator_error import OperatorError
from domain.policy import DistrictPolicy
from domain.rule_text import rule_text
from domain.working_calendar import YearNotice, load_notice

CALENDAR = "calendar"
_REQUIRED = ("district.toml", "departments.toml", "limits.toml", "ladders.toml", "categories.toml")
_OPTIONAL = ("items.toml", "materials.toml", "retention.toml")


class PolicyError(OperatorError):
    """A policy cannot be used; `problems` has one line each with file, key and rule, meant for a person."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__(
            "\n".join(["本区配置有误，请按以下各行更正 · the district's configuration cannot be used:", *problems])
        )
        self.problems = problems


def load_policy(folder: Path) -> DistrictPolicy:
    """Read the policy of a district. Raises PolicyError with every problem that can be told at once."""
    values, origin, problems = _merge(folder)
    if problems:
        raise PolicyError(tuple(problems))
    try:
        policy = DistrictPolicy.model_validate(values)
    except ValidationError as error:
        raise PolicyError(tuple(_line(part, origin) for part in error.errors(include_url=False))) from None
    if broken := policy.check():
        raise PolicyError(tuple(f"{_file_of(problem.field, origin)}: {problem}" for problem in broken))
    return policy


def load_notices(folder: Path) -> tuple[YearNotice, ...]:
    """Read every year notice of a policy folder, oldest first. Raises PolicyError."""
    notices: list[YearNotice] = []
    problems: list[str] = []
    for path in sorted((folder / CALENDAR).glob("*.toml")):
        try:
            notices.append(load_notice_file(path))
        except PolicyError as error:
            problems.extend(error.problems)
    years = [notice.year for notice in notices]
    problems += [f"{CALENDAR}/: two notices for {year}" for year in sorted({y for y in years if years.count(y) > 1})]
    if problems:
        raise PolicyError(tuple(problems))
    return tuple(sorted(notices, key=lambda notice: notice.year))


def load_notice_file(path: Path) -> YearNotice:
    """Read one year notice. Raises PolicyError naming file, key and rule."""
    try:
        return load_notice(_read(path))
    except ValidationError as error:
        origin: dict[str, str] = {}
        raise PolicyError(tuple(f"{path.name}{_line(p, origin)}" for p in error.errors(include_url=False))) from None


def _merge(folder: Path) -> tuple[dict[str, Any], dict[str, str], list[str]]:
    """All tables of the folder in one, which file each key came from, and what stood in the way."""
    values: dict[str, Any] = {}
    origin: dict[str, str] = {}
    problems: list[str] = []
    for name in (*_REQUIRED, *_OPTIONAL):
        path = folder / name
        if name in _OPTIONAL and not path.exists():
            continue
        try:
            table = _read(path)
        except PolicyError as error:
            problems.extend(error.problems)
            continue
        for key, value in table.items():
            if key in origin:
                problems.append(
                    f"{name}: {key}: 此项已在其他文件中设置 · already set in {origin[key]} (rule: one-place)"
                )
            elif key not in DistrictPolicy.model_fields:
                problems.append(f"{name}: {key}: 没有此项设置 · no such setting (rule: known-key)")
            else:
                values[key], origin[key] = value, name
    return values, origin, problems


def _read(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PolicyError((f"{path.name}: 缺少此文件 · file not found in {path.parent} (rule: file-exists)",)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PolicyError(
            (f"{path.name}: 不是规范的 TOML 文件 · not readable as TOML: {error} (rule: toml)",)
        ) from None


def _line(part: Any, origin: Mapping[str, str]) -> str:
    key = ".".join(str(step) for step in part["loc"]) or "file"
    wanted = rule_text(part["type"], part.get("ctx"))
    return f"{_file_of(key, origin)}: {key}: {wanted} · {part['msg']} (rule: {part['type']})"


def _file_of(key: str, origin: Mapping[str, str]) -> str:
    # A key that no file set is missing: name the file where it belongs
    top = key.partition(".")[0]
    return origin.get(top, _HOME.get(top, ""))


_HOME = {
    "district": "district.toml",
    "version": "district.toml",
    "max_extensions_per_round": "district.toml",
    "follow_up_attempts": "district.toml",
    "office_hours": "district.toml",
    "receipt_outside_hours_counts_next_day": "district.toml",
    "limits": "limits.toml",
    "ladder": "ladders.toml",
    "categories": "categories.toml",
    "departments": "departments.toml",
    "items": "items.toml",
    "materials": "materials.toml",
    "retention": "retention.toml",
    "silence_consents": "district.toml",
    "outage_pauses": "district.toml",
}
