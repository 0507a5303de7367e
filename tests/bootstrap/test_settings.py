"""Settings: every wrong one is named by its environment variable, and secrets are never shown."""

import re
from pathlib import Path

import pytest

from bootstrap.settings import Pace, SettingsError, TemporalMode, known_variables, load_settings


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in known_variables():
        monkeypatch.delenv(name, raising=False)


def test_defaults_are_the_embedded_product_on_loopback() -> None:
    settings = load_settings()

    assert settings.temporal.mode is TemporalMode.EMBEDDED
    assert (settings.api.host, settings.api.port) == ("127.0.0.1", 8000)
    assert settings.sqlalchemy_url == f"sqlite+aiosqlite:///{Path('data').resolve()}/liandong.db"
    assert settings.policies.is_dir()
    assert settings.pace.mode is Pace.REAL


def test_nested_groups_come_from_variables_with_two_underscores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIANDONG_TEMPORAL__MODE", "outside")
    monkeypatch.setenv("LIANDONG_TEMPORAL__ADDRESS", "temporal.internal:7233")
    monkeypatch.setenv("LIANDONG_WORKER__DEPARTMENTS", "housing, water")
    monkeypatch.setenv("LIANDONG_LOG__LEVEL", "debug")

    settings = load_settings()

    assert settings.temporal.address == "temporal.internal:7233"
    assert settings.worker.departments == ("housing", "water")
    assert settings.log.level == "DEBUG"


def test_arguments_win_over_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LIANDONG_DATA_DIR", "/nowhere")

    assert load_settings(data_dir=tmp_path).data_dir == tmp_path


def test_every_wrong_setting_has_one_line_that_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIANDONG_API__PORT", "http")
    monkeypatch.setenv("LIANDONG_TEMPORAL__PORT", "70000")
    monkeypatch.setenv("LIANDONG_PACE__MODE", "fast")
    monkeypatch.setenv("LIANDONG_TEMPRAL__MODE", "outside")

    with pytest.raises(SettingsError) as refused:
        load_settings()

    first, *lines = str(refused.value).splitlines()
    assert first.startswith("设置有误")
    assert all(re.match(r"LIANDONG_\w+: [\u4e00-\u9fff].* · \w", line) for line in lines)
    variables = sorted(line.split(":")[0] for line in lines)
    assert variables == [
        "LIANDONG_API__PORT",
        "LIANDONG_PACE__MODE",
        "LIANDONG_TEMPORAL__PORT",
        "LIANDONG_TEMPRAL__MODE",
    ]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("LIANDONG_DATABASE_URL", "postgresql://liandong:hunter2@db/liandong"),
        ("LIANDONG_TEMPORAL__API_KEY", "hunter2"),  # refused: belongs to outside mode
        ("LIANDONG_TELEMETRY__OTLP_ENDPOINT", "hunter2:4318"),
    ],
)
def test_refusals_do_not_repeat_the_value(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(SettingsError) as refused:
        load_settings()

    assert "hunter2" not in str(refused.value)


def test_secrets_are_hidden_in_the_representation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIANDONG_DATABASE_URL", "postgresql+psycopg://liandong:hunter2@db/liandong")
    monkeypatch.setenv("LIANDONG_CODEC__KEYS", "k1:hunter2")

    settings = load_settings()

    assert "hunter2" not in repr(settings)
    assert "hunter2" in settings.sqlalchemy_url


def test_half_a_client_certificate_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIANDONG_TEMPORAL__MODE", "outside")
    monkeypatch.setenv("LIANDONG_TEMPORAL__TLS__CERT_FILE", "/etc/liandong/client.pem")

    with pytest.raises(SettingsError, match=r"LIANDONG_TEMPORAL__TLS__.*together"):
        load_settings()
