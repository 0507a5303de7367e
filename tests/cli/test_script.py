"""Demonstration files: the shipped ones are sound, a wrong one is refused with file and key."""

import shutil
from pathlib import Path

import pytest

from bootstrap.policies import load_policy
from cli.demonstration.party import fresh_party
from cli.demonstration.script import DemonstrationCase, ScriptError, load_scripts
from domain.codes import Outcome
from domain.identifiers import uscc_problem
from domain.plan import check_plan

POLICIES = Path(__file__).parents[2] / "policies"
SHIPPED = POLICIES / "demonstration"


@pytest.fixture(scope="module")
def scripts() -> dict[str, DemonstrationCase]:
    return {script.id: script for script in load_scripts(SHIPPED)}


def test_the_reported_cases_are_there_with_their_outcomes(scripts: dict[str, DemonstrationCase]) -> None:
    outcomes = {name: script.expect.outcome for name, script in scripts.items()}

    assert outcomes["HK-1"] is Outcome.DONE
    assert outcomes["QP-1"] is Outcome.DONE
    assert outcomes["HK-2"] is Outcome.OTHER_SUPPORT
    assert outcomes["JD-1"] is Outcome.EXPLAINED
    assert outcomes["X-1"] is Outcome.REFERRED
    assert outcomes["CM-1"] is outcomes["CM-3"] is outcomes["JD-2"] is outcomes["X-2"] is Outcome.DONE
    assert outcomes["CM-2"] is Outcome.REVOKED
    assert outcomes["X-7"] is Outcome.LAWFULLY_REFUSED
    assert [one.expect.outcome for one in scripts["X-7"].sequels] == [Outcome.EXPLAINED, Outcome.DONE]


def test_every_plan_can_be_launched_in_the_shipped_district(scripts: dict[str, DemonstrationCase]) -> None:
    policy = load_policy(POLICIES)
    known = frozenset(department.code for department in policy.departments)

    stories = [*scripts.values(), *(one.sequel(n) for one in scripts.values() for n in range(len(one.sequels)))]
    assert {"CM-2b", "X-7b", "X-7c"} <= {script.id for script in stories}
    for script in stories:
        if script.plan is not None:
            assert check_plan(script.plan, known) == (), script.id
        assert script.triage.category is None or policy.category(script.triage.category), script.id


def test_health_data_goes_to_the_departments_that_need_it_alone(scripts: dict[str, DemonstrationCase]) -> None:
    plan = scripts["HK-2"].plan
    assert plan is not None

    assert {ask.key for ask in plan.asks if "health" in ask.sees} == {"medical", "assist"}
    assert scripts["HK-2"].expect.never_sent == {"housing": ("health",)}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('outcome = "EXPLAINED"', 'outcome = "SOLVED"', "expect.outcome"),
        ('outcome = "EXPLAINED"', 'outcme = "EXPLAINED"', "expect.outcme"),
        ("departments = []", 'departments = []\nin_time = ["x"]', "the plan has no ask x"),
        ('decision = "RESOLVE_ON_SPOT"', 'decision = "COORDINATE"', "have a plan"),
        ('name = "排水许可"', 'name = ""', "registration.item.name"),
        ("[expect]", "[expect", "not readable as TOML"),
    ],
)
def test_a_wrong_script_is_refused_with_file_and_key(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = (SHIPPED / "jd-1.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "jd-1.toml").write_text(text.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(ScriptError) as refused:
        load_scripts(tmp_path)

    assert "jd-1.toml" in str(refused.value)
    assert said in str(refused.value)


def test_a_refusal_without_its_legal_basis_is_no_script(tmp_path: Path) -> None:
    shutil.copy(SHIPPED / "hk-2.toml", tmp_path)
    path = tmp_path / "hk-2.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('legal_basis = "本区廉租住房准入标准", reason', "reason", 1), encoding="utf-8")

    with pytest.raises(ScriptError, match="legal_basis"):
        load_scripts(tmp_path)


def test_a_folder_without_scripts_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match="no demonstration files"):
        load_scripts(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('do = "designate"', 'do = "desginate"', "nothing is done by the name of desginate"),
        ('do = "answer"', 'do = "reassign"', "officers answer, the others decide"),
        ('by = "officer:culture"', 'by = "culture"', "acts.4.by"),
        ('key = "permit-help1"', 'key = "help1"', "the plan has no ask help1"),
        ("delivered = true", "deliverd = true", "acts.4.when.deliverd"),
        ("status = 409", "status = 200", "refused.status"),
    ],
)
def test_a_wrong_act_is_refused_with_file_and_key(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = (SHIPPED / "x-2.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "x-2.toml").write_text(text.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(ScriptError) as refused:
        load_scripts(tmp_path)

    assert "x-2.toml" in str(refused.value)
    assert said in str(refused.value)


def test_a_fresh_party_is_another_one_in_each_run(scripts: dict[str, DemonstrationCase]) -> None:
    codes = [fresh_party(scripts["CM-2"].registration, run).requester.uscc for run in range(1, 200)]

    assert len(set(codes)) == len(codes)
    assert all(code is not None and uscc_problem(code) is None for code in codes)


def test_whoever_may_leave_a_mark_is_fresh_in_each_run(scripts: dict[str, DemonstrationCase]) -> None:
    marked = {Outcome.REVOKED, Outcome.LAWFULLY_REFUSED}

    assert {name for name, one in scripts.items() if one.expect.outcome in marked} == {"CM-2", "X-7"}
    assert all(one.fresh_party is (one.expect.outcome in marked) for one in scripts.values())
