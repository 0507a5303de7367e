"""Departments of people: a request is laid on their desk, and those outside get a link by mail."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final

from pydantic import JsonValue

from adapters import callback
from adapters.department_line import FindDepartment
from adapters.department_message import dispatched, withdrawn
from adapters.department_secrets import SecretSource
from adapters.kept_exchange import Keeper
from domain.department import Department
from domain.department_failure import DepartmentDisabled, DepartmentUnavailable
from domain.desk import DeskEntry, Mail
from domain.dispatch import Dispatch, Receipt, RoundRef, Withdrawal
from domain.exchange import Exchange
from domain.ids import round_id
from domain.inbox import DepartmentMessage
from domain.ports import Exchanges, MailChannel, OfficerDesk, TimeSource
from domain.proof import Proof
from domain.reply import PolledReply

LINK_OPEN_AFTER_DUE: Final = timedelta(days=30)
"""A late answer is still an answer; beyond this the officer's inbox is the way."""
_BEIJING: Final = timezone(timedelta(hours=8))


@dataclass(frozen=True)
class PeopleTools:
    """What reaching people needs. `mail` None: no mail is sent, the inbox alone is used."""

    desk: OfficerDesk
    find: FindDepartment
    secrets: SecretSource
    mail: MailChannel | None = None
    exchanges: Exchanges | None = None
    """Keeps what is laid on desks; None: nothing is kept."""


class PeopleDepartment:
    """`public_url` is where links lead to."""

    def __init__(self, tools: PeopleTools, time: TimeSource, public_url: str) -> None:
        self._tools = tools
        self._time = time
        self._public_url = public_url.rstrip("/")

    async def deliver(self, dispatch: Dispatch) -> Receipt:
        """Durable on the desk before any mail goes out; a repetition sends the same link or none."""
        department = await self._tools.find(dispatch.department.code)
        if department is None:
            raise DepartmentUnavailable("directory: no entry for this department")
        if not department.enabled:
            raise DepartmentDisabled
        token = self._token(department, dispatch)
        entry = await self._tools.desk.put(self._entry(dispatch, token))
        proof = await self._keep(dispatch.idempotency_key, entry.round_id, entry.department, dispatched(dispatch))
        mail_proof = entry.mail_proof
        if token is not None and department.mail and entry.mailed_at is None and entry.withdrawn_at is None:
            assert self._tools.mail is not None
            mail_proof = await self._tools.mail.send(self._mail(department, dispatch, token))
            await self._tools.desk.mailed(entry.round_id, self._time.now(), mail_proof)
        now = self._time.now()
        return Receipt(delivered_at=now, receipt=entry.receipt, proof=proof, mail_proof=mail_proof)

    async def poll(self, ref: RoundRef) -> PolledReply | None:
        raise TypeError(f"people in {ref.department.code} answer by themselves and are never polled")

    async def withdraw(self, withdrawal: Withdrawal) -> Proof | None:
        key = round_id(withdrawal.request_id, withdrawal.round)
        if not await self._tools.desk.withdraw(key, self._time.now()):
            return None
        return await self._keep(withdrawal.message_id, key, withdrawal.department.code, withdrawn(withdrawal))

    def parse_callback(self, department: str, headers: Mapping[str, str], body: bytes) -> DepartmentMessage:
        """Always refused as unsigned, unless the department was given a webhook secret to move over with."""
        return callback.receive(self._tools.secrets.of(department).accepted_secrets, headers, body)

    async def _keep(self, message_id: str, key: str, department: str, said: dict[str, JsonValue]) -> Proof | None:
        """The same message again is the same entry with the same bytes."""
        laid = Exchange(
            entry_id=f"desk.{message_id}",
            department=department,
            message_id=message_id,
            rounds=(key,),
            sent_at=self._time.now(),
            method="DESK",
            address=f"{department}/{message_id}",
            headers={"content-type": "application/json"},
            body=json.dumps(said, ensure_ascii=False, sort_keys=True).encode(),
        )
        keeper = Keeper(self._tools.exchanges, department)
        await keeper.keep(laid)
        return keeper.proof(laid)

    def _entry(self, dispatch: Dispatch, token: str | None) -> DeskEntry:
        now = self._time.now()
        return DeskEntry(
            department=dispatch.department.code,
            dispatch=dispatch,
            receipt=f"{dispatch.department.code}-{dispatch.idempotency_key}",
            arrived_at=now,
            link_hash=hashlib.sha256(token.encode()).hexdigest() if token else None,
            link_expires_at=(dispatch.due_at or now) + LINK_OPEN_AFTER_DUE if token else None,
        )

    def _token(self, department: Department, dispatch: Dispatch) -> str | None:
        """The same for every send of a round, so that a repeated mail does not make the first one useless."""
        if department.mail is None or self._tools.mail is None:
            return None
        key = self._tools.secrets.of(department.code).link_key
        if key is None:
            raise DepartmentUnavailable("secret: no link key for this department")
        named = f"{department.code}\n{dispatch.idempotency_key}".encode()
        made = hmac.digest(key.get_secret_value().encode(), named, "sha256")
        return base64.urlsafe_b64encode(made).decode().rstrip("=")

    def _mail(self, department: Department, dispatch: Dispatch, token: str) -> Mail:
        due = _shown(dispatch.due_at)
        return Mail(
            mail_id=dispatch.idempotency_key,
            department=department.code,
            round_id=dispatch.idempotency_key,
            token=token,
            to=department.mail or "",
            subject=f"【联动】协办请求 Request {dispatch.case_id}",
            text=(
                f"{department.name_zh}：\n\n有一项协办请求等待答复，案件编号 {dispatch.case_id}，答复期限 {due}。\n"
                f"请打开以下链接查看并答复。链接仅供本次请求使用，答复一次后失效，请勿转发：\n\n"
                f"{self._public_url}/v1/links/{token}\n\n"
                f"A request of case {dispatch.case_id} waits for the answer of {department.name_en}, due {due}.\n"
                "The link opens this request only and ends with its answer. Do not pass it on.\n"
            ),
        )


def _shown(instant: datetime | None) -> str:
    return instant.astimezone(_BEIJING).strftime("%Y-%m-%d %H:%M（北京时间 UTC+8）") if instant else "—"
