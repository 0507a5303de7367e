"""Whose signature opens the door, and that nothing else does."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from adapters.webhook_signature import check_public_key, new_private_key, new_secret, public_key_of, sign, verify
from domain.errors import ErrorCategory, LiandongError

BODY = '{"type":"request.replied","note":"可以办理"}'
OURS, OTHERS = new_secret(), new_secret()


def signed(**changed: str) -> dict[str, str]:
    headers = sign(OURS, "msg_1", datetime.now(UTC), BODY)
    return headers | {name.replace("_", "-"): value for name, value in changed.items()}


def refused(secrets: tuple[str, ...], headers: dict[str, str], body: bytes = BODY.encode()) -> bool:
    with pytest.raises(LiandongError) as caught:
        verify(secrets, headers, body)
    # One shape for every reason
    assert caught.value.category is ErrorCategory.UNAUTHENTICATED
    assert caught.value.code == "signature-not-valid"
    assert caught.value.detail == "the message carries no valid signature"
    return True


def test_our_own_signature_verifies_and_yields_the_message_id() -> None:
    assert verify((OURS,), signed(), BODY.encode()) == "msg_1"


def test_an_instant_in_shanghai_is_signed_like_the_same_instant_in_utc() -> None:
    shanghai = datetime.now(UTC).astimezone(timezone(timedelta(hours=8)))
    assert verify((OURS,), sign(OURS, "msg_1", shanghai, BODY), BODY.encode()) == "msg_1"


def test_header_names_are_read_in_any_case() -> None:
    assert verify((OURS,), {name.title(): value for name, value in signed().items()}, BODY.encode()) == "msg_1"


def test_during_a_rotation_old_and_new_secret_are_accepted() -> None:
    assert verify((new_secret(), OURS), signed(), BODY.encode()) == "msg_1"


def test_a_revoked_secret_is_refused() -> None:
    assert refused((new_secret(),), signed())


def test_another_departments_or_environments_valid_secret_is_refused() -> None:
    assert refused((OURS,), sign(OTHERS, "msg_1", datetime.now(UTC), BODY))


def test_a_department_without_secrets_is_refused() -> None:
    assert refused((), signed())


def test_a_body_changed_by_a_byte_is_refused() -> None:
    assert refused((OURS,), signed(), BODY.replace("可", "不").encode())


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_each_header_is_needed(name: str) -> None:
    headers = signed()
    del headers[name]
    assert refused((OURS,), headers)


def test_a_changed_id_is_refused() -> None:
    assert refused((OURS,), signed(webhook_id="msg_2"))


def test_a_timestamp_changed_within_the_window_is_refused() -> None:
    assert refused((OURS,), signed(webhook_timestamp=str(int(datetime.now(UTC).timestamp()) - 60)))


@pytest.mark.parametrize("minutes", [-6, 6, -60, 60, -60 * 24 * 30])
def test_a_properly_signed_message_from_another_time_is_refused(minutes: int) -> None:
    at = datetime.now(UTC) + timedelta(minutes=minutes)
    assert refused((OURS,), sign(OURS, "msg_1", at, BODY))


@pytest.mark.parametrize("minutes", [-4, 4])
def test_clocks_may_differ_by_a_few_minutes(minutes: int) -> None:
    at = datetime.now(UTC) + timedelta(minutes=minutes)
    assert verify((OURS,), sign(OURS, "msg_1", at, BODY), BODY.encode()) == "msg_1"


@pytest.mark.parametrize(
    "stamp", ["", "now", "nan", "1e9", "-1", " 1", "9" * 40, "１７００００００００", "1700000000.5"]
)
def test_a_malformed_timestamp_is_refused(stamp: str) -> None:
    assert refused((OURS,), signed(webhook_timestamp=stamp))


@pytest.mark.parametrize(
    "signature", ["", "v1", "v1,", "v1,ä", "v1,a", "v1,a,b", ",", "v2,AAAA", "v1,====", "v1,AAAA", "\x00", "v1a,AAAA"]
)
def test_a_malformed_signature_is_refused(signature: str) -> None:
    assert refused((OURS,), signed(webhook_signature=signature))


@pytest.mark.parametrize("message_id", ["", " ", "a b", "a\r\nb", "编号", "x" * 201])
def test_a_malformed_id_is_refused_even_when_signed(message_id: str) -> None:
    assert refused((OURS,), sign(OURS, message_id, datetime.now(UTC), BODY))


def test_a_body_that_is_no_text_is_refused() -> None:
    assert refused((OURS,), signed(), b"\xff\xfe\x00")


def test_of_two_signatures_one_valid_one_is_enough() -> None:
    other = sign(OTHERS, "msg_1", datetime.now(UTC), BODY)["webhook-signature"]
    valid = signed()["webhook-signature"]
    assert verify((OURS,), signed(webhook_signature=f"{other} {valid}"), BODY.encode()) == "msg_1"
    assert verify((OURS,), signed(webhook_signature=f"v1a,AAAA {valid}"), BODY.encode()) == "msg_1"


@pytest.mark.parametrize(("count", "accepted"), [(5, True), (6, False), (200, False)])
def test_a_long_list_of_signatures_is_refused_although_one_is_valid(count: int, accepted: bool) -> None:
    headers = signed()
    valid = headers["webhook-signature"]
    headers["webhook-signature"] = " ".join([valid, *["v1,AAAA"] * (count - 1)])
    if accepted:
        assert verify((OURS,), headers, BODY.encode()) == "msg_1"
    else:
        assert refused((OURS,), headers)


KEY = new_private_key()


def test_an_asymmetric_signature_verifies_with_the_public_key_alone() -> None:
    headers = sign(KEY, "msg_1", datetime.now(UTC), BODY)
    assert headers["webhook-signature"].startswith("v1a,")
    assert verify((public_key_of(KEY),), headers, BODY.encode()) == "msg_1"
    assert refused((OURS,), headers)
    assert refused((public_key_of(new_private_key()),), headers)
    assert refused((public_key_of(KEY),), headers, BODY.replace("可", "不").encode())
    assert refused((public_key_of(KEY),), headers | {"webhook-id": "msg_2"})


@pytest.mark.parametrize("minutes", [-6, 6, -60 * 24])
def test_an_asymmetric_signature_from_another_time_is_refused(minutes: int) -> None:
    at = datetime.now(UTC) + timedelta(minutes=minutes)
    assert refused((public_key_of(KEY),), sign(KEY, "msg_1", at, BODY))


@pytest.mark.parametrize("signature", ["v1a,AAAA", "v1a,====", f"v1a,{'A' * 86}==", "v1,AAAA"])
def test_a_malformed_asymmetric_signature_is_refused(signature: str) -> None:
    headers = sign(KEY, "msg_1", datetime.now(UTC), BODY) | {"webhook-signature": signature}
    assert refused((public_key_of(KEY),), headers)


def test_a_public_key_is_no_secret_to_sign_with() -> None:
    """Whoever knows the public key must not be able to pass its text off as a shared secret."""
    public = public_key_of(KEY)
    forged = sign(f"whsec_{public.removeprefix('whpk_')}", "msg_1", datetime.now(UTC), BODY)
    assert refused((public,), forged)


def test_signed_with_both_either_side_may_check_with_what_it_knows() -> None:
    headers = sign((OURS, OTHERS, KEY), "msg_1", datetime.now(UTC), BODY)
    for known in (OURS, OTHERS, public_key_of(KEY)):
        assert verify((known,), headers, BODY.encode()) == "msg_1"


@pytest.mark.parametrize("key", ["whpk_", "whpk_AAAA", "whpk_ä", "whsec_" + "A" * 43 + "="])
def test_a_malformed_public_key_is_refused_when_it_is_entered(key: str) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        check_public_key(key)
