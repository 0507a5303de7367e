import datetime as dt

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from domain.limit import HORIZON, Limit, TimeUnit


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("30 seconds", "30秒", "30 seconds"),
        ("1 minutes", "1分钟", "1 minute"),
        ("2 hours", "2小时", "2 hours"),
        ("4 working_hours", "4个工作小时", "4 working hours"),
        ("5 working_days", "5个工作日", "5 working days"),
        ("10 calendar_days", "10个自然日", "10 calendar days"),
        ("end_of_business_today", "当日下班前", "end of business today"),
        ("2023-01-20", "2023年1月20日前", "by 2023-01-20"),
    ],
)
def test_a_limit_reads_and_writes_its_text(text: str, zh: str, en: str) -> None:
    limit = Limit.parse(text)
    assert str(limit) == text
    assert (limit.text_zh(), limit.text_en()) == (zh, en)
    assert Limit.model_validate_json(limit.model_dump_json()) == limit


def test_a_policy_may_write_the_singular_and_a_field_accepts_text() -> None:
    class Row(BaseModel):
        limit: Limit

    assert Row.model_validate({"limit": "1 working_day"}).limit == Limit(unit=TimeUnit.WORKING_DAYS, amount=1)
    assert Row.model_validate({"limit": dt.date(2023, 1, 20).isoformat()}).limit.unit is TimeUnit.FIXED_DATE


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("0 working_days", "limit_not_positive"),
        ("-3 calendar_days", "limit_not_positive"),
        ("401 working_days", "limit_beyond_horizon"),
        ("3661 calendar_days", "limit_beyond_horizon"),
        ("1999-12-31", "limit_beyond_horizon"),
        ("2101-01-01", "limit_beyond_horizon"),
        ("5", "limit_not_understood"),
        ("soon", "limit_not_understood"),
        ("", "limit_not_understood"),
        ("5 fortnights", "enum"),
        ("5 fixed_dates", "enum"),
        ("2023-02-30", "date_from_datetime_parsing"),
    ],
)
def test_a_bad_text_is_refused_by_the_name_of_its_rule(text: str, rule: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Limit.parse(text)
    assert [error["type"] for error in refused.value.errors()] == [rule]


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"unit": "working_days"}, "limit_amount_missing"),
        ({"unit": "fixed_date"}, "limit_date_missing"),
        ({"unit": "fixed_date", "date": "2023-01-20", "amount": 3}, "limit_amount_unexpected"),
        ({"unit": "end_of_business_today", "amount": 1}, "limit_amount_unexpected"),
        ({"unit": "working_days", "amount": 1, "date": "2023-01-20"}, "limit_date_unexpected"),
        ({"unit": "working_days", "amount": True}, "int_type"),
        ({"unit": "working_days", "amount": 1.5}, "int_type"),
        ({"unit": "working_days", "amount": "5"}, "int_type"),
    ],
)
def test_fields_that_do_not_belong_together_are_refused(fields: dict[str, object], rule: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Limit.model_validate(fields)
    assert [error["type"] for error in refused.value.errors()] == [rule]


@pytest.mark.parametrize("unit", list(HORIZON))
def test_the_horizon_itself_is_allowed(unit: TimeUnit) -> None:
    assert Limit(unit=unit, amount=HORIZON[unit]).amount == HORIZON[unit]
    with pytest.raises(ValidationError, match=str(HORIZON[unit])):
        Limit(unit=unit, amount=HORIZON[unit] + 1)


def test_a_date_is_text_for_strict_readers_too() -> None:
    read = TypeAdapter(Limit).validate_json('"2023-01-20"', strict=True)
    assert str(read) == "2023-01-20"
