"""Keys of departments, made and replaced in the file that every process reads."""

import asyncio
from datetime import datetime, timedelta

from pydantic import SecretStr, ValidationError

from adapters.department_check import DepartmentCheck
from adapters.department_secrets import (
    MOST_RETIRING,
    ComingToken,
    DepartmentSecret,
    RetiringSecret,
    random_secret,
)
from adapters.outgoing_address import AddressGuard, within_this_machine
from adapters.secret_file import SecretFile
from adapters.webhook_signature import new_private_key, public_key_of
from domain.department import Department
from domain.department_failure import DepartmentUnavailable
from domain.department_setup import CheckReport, IssuedKeys, KeyChange
from domain.errors import LiandongError, conflict, invalid
from domain.ports import TimeSource


class FileDepartmentSetup:
    """The port `DepartmentSetup` over the file of secrets. `plays`: departments are simulated on this machine.

    Otherwise only the operator's own file may say that one lives here, where Temporal and our own doors listen.
    """

    def __init__(self, secrets: SecretFile, check: DepartmentCheck, time: TimeSource, *, plays: bool = False) -> None:
        self._secrets = secrets
        self._check = check
        self._time = time
        self._plays = plays

    async def issue(self, department: Department) -> IssuedKeys:
        fresh = random_secret(department.technique)
        await asyncio.to_thread(self._secrets.change, department.code, lambda _: fresh)
        return _issued(fresh)

    async def rotate(self, department: Department, change: KeyChange) -> IssuedKeys:
        now = self._time.now()

        def new(before: DepartmentSecret) -> DepartmentSecret:
            return replaced(before, random_secret(department.technique), change, now)

        try:
            after = await asyncio.to_thread(self._secrets.change, department.code, new)
        except ValidationError:
            raise invalid(
                "key-not-valid", "a public key is whpk_ and the base64 of 32 bytes", field="public_keys"
            ) from None
        overlaps = change.shared and change.overlap > timedelta(0)
        ends = now + change.overlap if overlaps else None
        shown = _issued(after) if change.shared else IssuedKeys(public_key=_issued(after).public_key)
        if not overlaps or after.coming_token is None:
            return shown.model_copy(update={"former_until": ends})
        token = after.coming_token.token.get_secret_value()
        return shown.model_copy(update={"bearer_token": token, "used_from": ends, "former_until": ends})

    async def check(self, department: Department) -> CheckReport:
        return await self._check.run(department, self._secrets.of(department.code))

    async def check_address(self, department: Department) -> str | None:
        if not department.base_url:
            return None
        if not self._plays and within_this_machine(department.own_network):
            return "address: this machine is no department's own network; departments.toml may say otherwise"
        try:
            await AddressGuard(department.own_network, self._check.resolve).pin(department.base_url)
        except DepartmentUnavailable as error:
            # A name that nobody knows yet may be known tomorrow; `check` will tell
            return None if str(error).startswith("connect:") else str(error)
        return None


def replaced(before: DepartmentSecret, fresh: DepartmentSecret, change: KeyChange, now: datetime) -> DepartmentSecret:
    """The entry after a change of keys. `fresh` holds new ones of the department's technique.

    Raises CONFLICT `former-keys-in-use` where a key that was promised for longer would fall off.
    """
    until = now + change.overlap
    values = dict(before)
    former = [one for one in before.retiring if one.until > now]
    retiring = list(former)
    if change.shared:
        retiring = [RetiringSecret(secret=one, until=until) for one in before.webhook_secrets] + retiring
        values |= {name: getattr(fresh, name) for name in fresh.model_fields_set}
        values |= _token(before, fresh, change, until, now)
    if change.asymmetric is not None:
        if before.signing_key is not None and change.asymmetric:
            retiring.insert(0, RetiringSecret(secret=before.signing_key, until=until))
        values["signing_key"] = SecretStr(new_private_key()) if change.asymmetric else None
    if change.public_keys is not None:
        values["public_keys"] = change.public_keys
    good = [one for one in retiring if one.until > now]
    if (too_many := len(good) - MOST_RETIRING) > 0:
        raise _still_in_use(sorted(one.until for one in former)[too_many - 1])
    values["retiring"] = tuple(good)
    return DepartmentSecret.model_validate(values)


def _token(
    before: DepartmentSecret, fresh: DepartmentSecret, change: KeyChange, until: datetime, now: datetime
) -> dict[str, object]:
    """A bearer token is shown by us, so the department needs time to put the new one in before we show it."""
    if fresh.bearer_token is None:
        return {}
    if before.bearer_token is None or change.overlap == timedelta(0):
        return {"bearer_token": fresh.bearer_token, "coming_token": None}
    coming = before.coming_token
    if coming is not None and coming.shown_from > now:
        # The department was told that this one is shown from then on
        raise _still_in_use(coming.shown_from)
    shown = coming.token if coming is not None else before.bearer_token
    return {"bearer_token": shown, "coming_token": ComingToken(token=fresh.bearer_token, shown_from=until)}


def _still_in_use(until: datetime) -> LiandongError:
    return conflict(
        "former-keys-in-use",
        f"keys of earlier changes are still good: change them from {until.isoformat(timespec='seconds')} on, or "
        "replace today's at once (overlap_hours 0)",
    )


def _issued(secret: DepartmentSecret) -> IssuedKeys:
    token, key = secret.bearer_token, secret.signing_key
    return IssuedKeys(
        webhook_secret=next((one.get_secret_value() for one in secret.webhook_secrets), None),
        bearer_token=token.get_secret_value() if token else None,
        public_key=public_key_of(key.get_secret_value()) if key else None,
    )
