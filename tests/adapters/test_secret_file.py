"""Secrets that change while everything runs."""

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from pydantic import SecretStr

from adapters.department_secrets import (
    MOST_RETIRING,
    MOST_SHARED,
    ComingToken,
    DepartmentSecret,
    RetiringSecret,
)
from adapters.department_setup import replaced
from adapters.secret_file import SecretFile
from adapters.webhook_signature import new_private_key, new_secret, public_key_of
from domain.department_setup import KeyChange
from domain.errors import LiandongError

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def signing_with(secret: str) -> DepartmentSecret:
    return DepartmentSecret(webhook_secrets=(SecretStr(secret),))


def test_a_change_is_known_at_the_next_look_by_everybody_who_shares_the_file(tmp_path: Path) -> None:
    path, first, second = tmp_path / "secrets.json", new_secret(), new_secret()
    api, worker = SecretFile(path), SecretFile(path)
    assert worker.of("market").accepted_secrets == ()
    api.change("market", lambda _: signing_with(first))
    assert worker.of("market").accepted_secrets == (first,)
    worker.change("market", lambda _: signing_with(second))
    api.change("housing", lambda _: signing_with(first))
    assert api.of("market").accepted_secrets == (second,), "another department's change takes nothing away"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_everything_survives_the_file(tmp_path: Path) -> None:
    key = new_private_key()
    entry = DepartmentSecret(
        webhook_secrets=(SecretStr(new_secret()),),
        retiring=(RetiringSecret(secret=SecretStr(new_secret()), until=NOW),),
        bearer_token=SecretStr("token-of-the-bureau"),
        coming_token=ComingToken(token=SecretStr("next-token-of-the-bureau"), shown_from=NOW),
        signing_key=SecretStr(key),
        public_keys=(public_key_of(key),),
    )
    SecretFile(tmp_path / "s.json").change("market", lambda _: entry)
    assert SecretFile(tmp_path / "s.json").of("market") == entry


def test_a_file_that_was_damaged_takes_nothing_away_until_it_is_mended(tmp_path: Path) -> None:
    path, secret = tmp_path / "secrets.json", new_secret()
    file = SecretFile(path)
    file.change("market", lambda _: signing_with(secret))
    path.write_text("{half a file")
    assert file.of("market").accepted_secrets == (secret,)
    with pytest.raises(ValueError, match=r"secrets\.json"):
        file.change("market", lambda _: signing_with(new_secret()))
    os.unlink(path)
    assert file.of("market").accepted_secrets == ()


def test_a_replaced_secret_is_used_and_accepted_until_it_expires() -> None:
    new, old = new_secret(), new_secret()
    secret = DepartmentSecret(
        webhook_secrets=(SecretStr(new),),
        retiring=(RetiringSecret(secret=SecretStr(old), until=NOW + timedelta(hours=24)),),
    )
    with time_machine.travel(NOW):
        assert list(secret.signing_secrets) == list(secret.accepted_secrets) == [new, old]
    with time_machine.travel(NOW + timedelta(hours=24)):
        assert list(secret.signing_secrets) == list(secret.accepted_secrets) == [new]


def test_a_new_token_is_shown_only_from_its_instant_on() -> None:
    coming = ComingToken(token=SecretStr("the-token-from-tomorrow"), shown_from=NOW)
    secret = DepartmentSecret(bearer_token=SecretStr("the-token-of-today"), coming_token=coming)
    with time_machine.travel(NOW - timedelta(seconds=1)):
        assert secret.authorization == "Bearer the-token-of-today"
    with time_machine.travel(NOW):
        assert secret.authorization == "Bearer the-token-from-tomorrow"


def test_a_change_is_refused_until_enough_former_keys_have_ended() -> None:
    change, at, entry = KeyChange(overlap=timedelta(hours=24)), NOW, signing_with(new_secret())
    for _ in range(MOST_RETIRING):
        entry = replaced(entry, signing_with(new_secret()), change, at)
        at += timedelta(hours=1)
    with pytest.raises(LiandongError, match="2026-03-03T01:00:00") as refused:
        replaced(entry, signing_with(new_secret()), change, at)
    assert refused.value.code == "former-keys-in-use"
    later = replaced(entry, signing_with(new_secret()), change, NOW + timedelta(hours=24))
    assert len(later.retiring) == MOST_RETIRING


def test_as_many_secrets_as_an_entry_may_have_can_be_replaced_at_once() -> None:
    secrets = tuple(SecretStr(new_secret()) for _ in range(MOST_SHARED))
    entry = DepartmentSecret(webhook_secrets=secrets, signing_key=SecretStr(new_private_key()))
    after = replaced(entry, signing_with(new_secret()), KeyChange(asymmetric=True), NOW)
    assert len(after.retiring) == MOST_RETIRING


def test_a_token_that_is_announced_is_shown_when_it_was_said() -> None:
    """The department puts it in by then, and would refuse us if another one came instead."""
    token = DepartmentSecret(bearer_token=SecretStr("the-token-of-today"))
    fresh = DepartmentSecret(bearer_token=SecretStr("the-token-from-tomorrow"))
    change = KeyChange(overlap=timedelta(hours=24))
    announced = replaced(token, fresh, change, NOW)
    with pytest.raises(LiandongError, match="2026-03-03T01:00:00"):
        replaced(announced, fresh, change, NOW + timedelta(hours=1))
    at_once = replaced(announced, fresh, KeyChange(overlap=timedelta(0)), NOW + timedelta(hours=1))
    assert at_once.bearer_token == fresh.bearer_token
    replaced(announced, fresh, change, NOW + timedelta(hours=24))
