"""Logs: readable Chinese, one chain for all records, nobody's personal data."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from pydantic import BaseModel, ValidationError

from bootstrap.log import configure_logging, get_logger
from bootstrap.settings import LogSettings


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_json_lines_keep_chinese_and_both_kinds_of_logger(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(LogSettings(format="json"))

    get_logger("liandong.test").info("已送达", department="住建", round=2)
    logging.getLogger("other").warning("slow %s", "reply", extra={"case": "HK-1"})

    raw = capsys.readouterr().err
    ours, other = (json.loads(line) for line in raw.splitlines())
    assert "已送达" in raw
    assert (ours["event"], ours["department"], ours["round"]) == ("已送达", "住建", 2)
    assert (other["event"], other["case"], other["level"]) == ("slow reply", "HK-1", "warning")
    assert ours["timestamp"].endswith("Z")


def test_a_line_holds_no_coloured_copy_of_itself(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(LogSettings(format="json"))

    coloured = {"color_message": "Started process [\x1b[36m7\x1b[0m]", "temporal_log": object()}
    logging.getLogger("server").warning("Started process [7]", extra=coloured)

    (line,) = lines(capsys)
    assert line["event"] == "Started process [7]"
    assert not {"color_message", "temporal_log"} & line.keys()


def test_personal_data_is_hidden_wherever_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(LogSettings(format="json"))

    get_logger("t").info(
        "来电 13800138000",
        applicant="陈某",
        detail={"phone": "1", "notes": ["身份证11010519491231002X号", {"email": "a"}]},
        mail="写给 chen@example.org",
        case="HK-1",
        digits="2026112300001",
    )

    (line,) = lines(capsys)
    assert line["event"] == "来电 [hidden]"
    assert line["applicant"] == "[hidden]"
    assert line["detail"] == {"phone": "[hidden]", "notes": ["身份证[hidden]号", {"email": "[hidden]"}]}
    assert line["mail"] == "写给 [hidden]"
    assert (line["case"], line["digits"]) == ("HK-1", "2026112300001")


def test_an_exception_shows_frames_and_types_but_no_quoted_input(capsys: pytest.CaptureFixture[str]) -> None:
    class Form(BaseModel):
        age: int

    private = "".join(("陈", "某某"))  # in parts: the frames quote this file
    configure_logging(LogSettings(format="json"))
    try:
        try:
            Form.model_validate({"age": private})
        except ValidationError as error:
            raise ConnectionError("department away") from error
    except ConnectionError:
        logging.getLogger("t").exception("delivery failed")

    (line,) = lines(capsys)
    text = str(line["exception"])
    assert private not in text
    assert "ValidationError: [hidden]" in text
    assert text.endswith("ConnectionError: department away")
    assert "test_an_exception_shows_frames" in text


@pytest.mark.parametrize("form", ["console", "json"])
def test_levels_below_the_chosen_one_are_silent(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(LogSettings(format=form, level="WARNING"))

    get_logger("t").info("quiet")
    get_logger("t").error("loud", exc_info=OSError("disk full"))

    err = capsys.readouterr().err
    assert "quiet" not in err
    assert "loud" in err
    assert "disk full" in err
