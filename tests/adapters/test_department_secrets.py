"""Secrets of departments in their file."""

import stat
from pathlib import Path

import pytest

from adapters.department_secrets import DepartmentSecrets
from adapters.webhook_signature import new_secret
from domain.codes import Technique
from domain.department import Department


def department(code: str, technique: Technique) -> Department:
    return Department(code=code, name_zh=code, name_en=code, technique=technique, base_url="http://127.0.0.1:1")


MARKET, HOUSING = department("market", Technique.WEBHOOK), department("housing", Technique.POLLED)


def test_every_technique_gets_the_secret_that_it_needs() -> None:
    secrets = DepartmentSecrets({}).completed_for([MARKET, HOUSING])
    assert len(secrets.of("market").accepted_secrets) == 1
    assert secrets.of("market").authorization is None
    assert (secrets.of("housing").authorization or "").startswith("Bearer ")
    assert secrets.of("housing").signing_secret is None


def test_secrets_survive_a_restart_unchanged_and_unreadable_for_others(tmp_path: Path) -> None:
    path = tmp_path / "departments.secrets"
    first = DepartmentSecrets({}).completed_for([MARKET])
    first.save(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    second = DepartmentSecrets.load(path).completed_for([MARKET, HOUSING])
    assert second.of("market") == first.of("market")
    assert second.codes == {"market", "housing"}


def test_they_show_in_no_text() -> None:
    secrets = DepartmentSecrets({}).completed_for([MARKET])
    assert secrets.of("market").accepted_secrets[0] not in repr(secrets.of("market")) + str(secrets)


def test_an_unknown_department_has_none() -> None:
    assert DepartmentSecrets({}).of("nobody").accepted_secrets == ()


@pytest.mark.parametrize(
    "text",
    [
        '{"market": {"webhook_secrets": ["whsec_short"]}}',
        '{"market": {"webhook_secrets": ["whsec_not base64 at all, really not"]}}',
        '{"market": {"bearer_token": "tooshort"}}',
        '{"market": {"webhook_secret": "x"}}',
        "[]",
        "",
    ],
)
def test_a_wrong_file_is_refused_without_showing_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "departments.secrets"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"departments\.secrets: ") as caught:
        DepartmentSecrets.load(path)
    assert "short" not in str(caught.value)
    assert "really" not in str(caught.value)


def test_a_rotation_signs_with_the_first_and_accepts_both(tmp_path: Path) -> None:
    new, old = new_secret(), new_secret()
    path = tmp_path / "departments.secrets"
    path.write_text(f'{{"market": {{"webhook_secrets": ["{new}", "{old}"]}}}}')
    market = DepartmentSecrets.load(path).of("market")
    assert market.signing_secret == new
    assert market.accepted_secrets == (new, old)
