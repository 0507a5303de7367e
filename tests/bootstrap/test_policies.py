"""A policy folder either gives a policy or says what is wrong: file, key and rule."""

import shutil
from pathlib import Path

import pytest

from bootstrap.policies import PolicyError, load_notice_file, load_notices, load_policy
from domain.codes import Cause, Technique
from domain.limit import Limit

SHIPPED = Path(__file__).parents[2] / "policies"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped policy that a test may break."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "policies"))


def edit(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{file} no longer says {old!r}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_shipped_policy_is_sound() -> None:
    policy = load_policy(SHIPPED)

    assert policy.limits.reply_normal == Limit.parse("5 working_days")
    assert policy.limits.sign_for == Limit.parse("4 working_hours")
    techniques = {department.code: department.technique for department in policy.departments}
    assert techniques["market"] is Technique.WEBHOOK
    assert techniques["housing"] is Technique.POLLED
    assert techniques["police"] is Technique.XML
    assert techniques["culture"] is Technique.PEOPLE
    assert {category.cause for category in policy.categories} == set(Cause)


def test_the_shipped_ladder_climbs_from_the_officer_to_the_leading_group() -> None:
    rungs = [rung for rung in load_policy(SHIPPED).ladder.rungs if rung.clock == "reply"]

    assert [(rung.tell[0], str(rung.when)) for rung in rungs] == [
        ("department_officer", "before 1 working_days"),
        ("department_head", "at"),
        ("duty_leader", "after 2 working_days"),
        ("supervisor", "after 3 working_days"),
        ("leading_group", "after 5 working_days"),
    ]


def test_the_shipped_district_reminds_of_what_was_promised_and_lets_no_silence_consent() -> None:
    policy = load_policy(SHIPPED)
    rungs = [rung for rung in policy.ladder.rungs if rung.clock == "deferred_material"]

    assert [(rung.tell, str(rung.when)) for rung in rungs] == [
        (("requester", "clerk"), "before 2 working_days"),
        (("requester", "clerk"), "due_day"),
        (("duty_leader",), "at"),
    ]
    assert policy.silence_consents == ()
    assert policy.outage_pauses == ()
    assert {department.code for department in policy.departments if not department.signs} == {"housing", "data"}


def test_the_shipped_notices_make_every_year_known_once() -> None:
    years = [notice.year for notice in load_notices(SHIPPED)]

    assert years == sorted(set(years))
    assert {2023, 2026} <= set(years)


BROKEN = [
    pytest.param(
        "materials.toml",
        'held_by = "police"',
        'held_by = "nowhere"',
        ["materials.toml", "materials.1.held_by", "known-department"],
        id="material held by nobody",
    ),
    pytest.param(
        "ladders.toml",
        '"before 2 working_days"',
        '"before 9 working_days"',
        ["ladders.toml", "material_reminder", "can never fire"],
        id="reminder longer than the material's limit",
    ),
    pytest.param(
        "district.toml",
        "max_extensions_per_round = 1",
        'max_extensions_per_round = 1\nsilence_consents = [{ roles = ["CONSULT"] }]',
        ["district.toml", "silence_consents.0.document", "missing"],
        id="silence without a document",
    ),
    pytest.param(
        "district.toml",
        "max_extensions_per_round = 1",
        'max_extensions_per_round = 1\nsilence_consents = [{ document = "1", roles = ["LEAD"], departments = ["x"] }]',
        ["district.toml", "silence_consents.0.departments", "known-department"],
        id="silence of an unknown department",
    ),
    pytest.param(
        "district.toml",
        "max_extensions_per_round = 1",
        'max_extensions_per_round = 1\noutage_pauses = [{ at_most = "2 working_days" }]',
        ["district.toml", "outage_pauses.0.legal_basis", "missing"],
        id="outage without a legal basis",
    ),
    pytest.param(
        "district.toml",
        "max_extensions_per_round = 1",
        'max_extensions_per_round = 1\noutage_pauses = [{ legal_basis = "7", at_most = "2 calendar_days" }]',
        ["district.toml", "outage_pauses.0.at_most", "outage_bound"],
        id="outage without a bound that holds",
    ),
    pytest.param(
        "district.toml",
        "max_extensions_per_round = 1",
        'max_extensions_per_round = 1\noutage_pauses = [{legal_basis = "7", at_most = "2 hours", departments = ["x"]}]',
        ["district.toml", "outage_pauses.0.departments", "known-department"],
        id="outage of an unknown department",
    ),
    pytest.param(
        "limits.toml",
        '"5 working_days"',
        '"0 working_days"',
        ["limits.toml", "limits.reply_normal", "limit_not_positive"],
        id="limit of zero",
    ),
    pytest.param(
        "limits.toml",
        '"5 working_days"',
        '"9999 working_days"',
        ["limits.toml", "limits.reply_normal", "limit_beyond_horizon"],
        id="limit beyond the horizon",
    ),
    pytest.param(
        "limits.toml", '"5 working_days"', '"5 fortnights"', ["limits.toml", "limits.reply_normal"], id="unknown unit"
    ),
    pytest.param(
        "limits.toml",
        "reply_urgent =",
        "# reply_urgent =",
        ["limits.toml", "limits.reply_urgent", "missing"],
        id="limit missing",
    ),
    pytest.param("limits.toml", "[limits]", "[limitz]", ["limits.toml", "limitz", "known-key"], id="unknown table"),
    pytest.param("limits.toml", "[limits]", "[limits", ["limits.toml", "rule: toml"], id="no TOML"),
    pytest.param(
        "ladders.toml",
        'when = "before 1 working_days"',
        'when = "before 30 working_days"',
        ["ladders.toml", "reply_reminder", "can never fire"],
        id="rung that can never fire",
    ),
    pytest.param(
        "ladders.toml",
        'clock = "external_follow_up"\nwhen = "at"',
        'clock = "external_follow_up"\nwhen = "due_day"',
        ["ladders.toml", "the clock external_follow_up", "go unheard"],
        id="silence that nobody would hear",
    ),
    pytest.param(
        "ladders.toml",
        '["leading_group", "supervisor"]',
        '["mayor"]',
        ["ladders.toml", "leading_group", "unknown role mayor"],
        id="unknown role",
    ),
    pytest.param(
        "ladders.toml",
        'name = "supervision"',
        'name = "reply_overdue"',
        ["ladders.toml", "used twice"],
        id="rung name twice",
    ),
    pytest.param(
        "categories.toml", '"LAW_BAR"', '"BAD_LUCK"', ["categories.toml", "categories.0.cause"], id="unknown cause"
    ),
    pytest.param(
        "categories.toml",
        'code = "misunderstood"',
        'code = "legally-impossible"',
        ["categories.toml", "legally-impossible", "unique-code"],
        id="category code twice",
    ),
    pytest.param(
        "departments.toml",
        'code = "police"',
        'code = "market"',
        ["departments.toml", "market", "unique-code"],
        id="department code twice",
    ),
    pytest.param(
        "departments.toml", '"POLLED"', '"FAX"', ["departments.toml", "departments.2.technique"], id="unknown technique"
    ),
    pytest.param(
        "departments.toml",
        "poll_seconds = 600",
        "poll_seconds = 0",
        ["departments.toml", "poll_seconds"],
        id="poll without pause",
    ),
    pytest.param(
        "items.toml",
        'department = "water"',
        'department = "fire"',
        ["items.toml", "fire", "known-department"],
        id="item of an unknown department",
    ),
    pytest.param(
        "items.toml", 'name_zh = "排水许可"', 'name_zh = ""', ["items.toml", "name_zh"], id="item without a name"
    ),
    pytest.param(
        "district.toml",
        "version =",
        "districts =",
        ["district.toml", "districts", "known-key"],
        id="key with a typing mistake",
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "named"), BROKEN)
def test_a_broken_policy_names_file_key_and_rule(folder: Path, file: str, old: str, new: str, named: list[str]) -> None:
    edit(folder, file, old, new)

    with pytest.raises(PolicyError) as refused:
        load_policy(folder)

    (first, *_) = [line for line in refused.value.problems if named[0] in line]
    for word in named:
        assert word in first


def test_every_problem_is_told_at_once(folder: Path) -> None:
    edit(folder, "limits.toml", '"5 working_days"', '"0 working_days"')
    edit(folder, "categories.toml", '"LAW_BAR"', '"BAD_LUCK"')

    with pytest.raises(PolicyError) as refused:
        load_policy(folder)

    assert len(refused.value.problems) == 2


def test_a_missing_file_is_named_with_its_folder(folder: Path) -> None:
    (folder / "ladders.toml").unlink()

    with pytest.raises(PolicyError, match=r"ladders\.toml: .*file not found in .*policies"):
        load_policy(folder)


def test_items_may_be_left_out(folder: Path) -> None:
    (folder / "items.toml").unlink()

    assert load_policy(folder).items == ()


def test_the_same_key_in_two_files_is_refused(folder: Path) -> None:
    edit(folder, "limits.toml", "[limits]", 'district = "twice"\n[limits]')

    with pytest.raises(PolicyError, match=r"limits\.toml: district: .*already set in district\.toml"):
        load_policy(folder)


def test_two_notices_for_a_year_are_refused(folder: Path) -> None:
    shutil.copy(folder / "calendar" / "2026.toml", folder / "calendar" / "2026-again.toml")

    with pytest.raises(PolicyError, match="two notices for 2026"):
        load_notices(folder)


def test_a_broken_notice_names_its_file_and_key(folder: Path) -> None:
    edit(folder, "calendar/2026.toml", 'status = "official"', 'status = "rumour"')

    with pytest.raises(PolicyError, match=r"2026\.toml.*status"):
        load_notice_file(folder / "calendar" / "2026.toml")
