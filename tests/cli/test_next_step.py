"""Every refusal ends with a way on, and says nothing twice."""

import pytest

from bootstrap.api_error import ApiRefusal
from cli.screen import explained


def _refused(status: int, code: str, detail: str = "no", problems: tuple[dict[str, str], ...] = ()) -> list[str]:
    said = {"type": f"urn:liandong:problem:{code}", "detail": detail, "problems": list(problems)}
    return explained(ApiRefusal(status, said))


@pytest.mark.parametrize(
    ("status", "code", "way_on"),
    [
        (404, "unknown-case", "liandong case list"),
        (404, "no-such-department", "liandong department list"),
        (422, "unknown-department", "liandong department list"),
        (404, "no-such-material", "liandong case show CASE"),
        (404, "no-such-request", "liandong case show CASE"),
        (404, "follow-up-not-running", "liandong case follow-ups CASE"),
        (409, "case-ended", "decide CASE reopen"),
        (401, "unknown-token", "liandong token new PERSON"),
        (503, "engine-unavailable", "/health/ready"),
    ],
)
def test_a_refusal_says_what_to_do_next(status: int, code: str, way_on: str) -> None:
    first, *steps = _refused(status, code)
    assert first == f"no [{code}]"
    assert way_on in " ".join(steps)


def test_a_refusal_of_one_field_says_its_sentence_once() -> None:
    sentence = "a department with a system has an address"
    problem = {"field": "base_url", "rule": "address-needed", "detail": sentence}
    lines = _refused(422, "department-not-valid", sentence, (problem,))
    assert lines == [f"{sentence} [department-not-valid]", "base_url (rule: address-needed)"]
