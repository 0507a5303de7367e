"""What `liandong department` makes of its options."""

import pytest

from cli.department import read_settings
from cli.screen import CommandError


def test_settings_are_read_as_the_api_takes_them() -> None:
    said = ["poll_seconds=60", "signs=false", "mail=", "quiet=21:00-07:00", "reply_limit=3 working_days", "base_url="]
    assert read_settings(said) == {
        "poll_seconds": 60,
        "signs": False,
        "mail": None,
        "quiet": {"starts": "21:00", "ends": "07:00"},
        "reply_limit": "3 working_days",
        "base_url": "",
    }


@pytest.mark.parametrize("said", ["signs", "=1"])
def test_what_is_no_setting_is_refused(said: str) -> None:
    with pytest.raises(CommandError, match="key=value"):
        read_settings([said])
