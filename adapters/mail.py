"""Mail over SMTP: plain text, encrypted where the settings say so, one connection a mail."""

import asyncio
import hashlib
import smtplib
import ssl
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from uuid import uuid4

from adapters.failed_attempts import FailedAttempts
from adapters.kept_exchange import Keeper
from adapters.mail_server import Encryption, MailServer
from domain.department_failure import DepartmentRefusal, DepartmentUnavailable
from domain.desk import Mail
from domain.exchange import Exchange
from domain.ports import Exchanges, TimeSource
from domain.proof import Proof

_PERMANENT = range(500, 600)


class SmtpMail:
    """The library blocks, so each mail has a thread while it is on its way."""

    def __init__(
        self, server: MailServer, time: TimeSource, exchanges: Exchanges | None = None, *, at_once: int = 4
    ) -> None:
        self._server = server
        self._exchanges = exchanges
        self._time = time
        self._attempts = FailedAttempts()
        self._slots = asyncio.Semaphore(at_once)

    async def send(self, mail: Mail) -> Proof | None:
        """Raises DepartmentRefusal when the mail box does not exist, DepartmentUnavailable for everything else."""
        now = self._time.now()
        keeper = Keeper(self._exchanges, mail.department, self._attempts)
        exchange = await keeper.begin(self._kept(mail, now))
        try:
            await self._carry(self._written(mail, now))
        except DepartmentUnavailable as error:
            keeper.failed(error)
            raise
        return keeper.proof(exchange)

    async def _carry(self, message: EmailMessage) -> None:
        async with self._slots:
            try:
                await asyncio.to_thread(self._hand_over, message)
            except smtplib.SMTPRecipientsRefused as error:
                code = next((code for code, _ in error.recipients.values()), 0)
                raise _failure("mail-box", code) from None
            except smtplib.SMTPAuthenticationError:
                # A wrong password is mended by an operator, not by the department
                raise DepartmentUnavailable("mail-login: the mail server does not let us in") from None
            except smtplib.SMTPResponseException as error:
                raise DepartmentUnavailable(f"mail-{error.smtp_code}: the mail server cannot do this now") from None
            except (smtplib.SMTPException, OSError):
                raise DepartmentUnavailable("mail: the mail server cannot be reached") from None

    def _kept(self, mail: Mail, now: datetime) -> Exchange:
        """As it leaves, but for the token: its SHA-256 stands there, and whoever holds the token can put it back."""
        shown = mail.text.replace(mail.token, f"sha256:{hashlib.sha256(mail.token.encode()).hexdigest()}")
        message = self._written(mail.model_copy(update={"text": shown}), now)
        return Exchange(
            entry_id=uuid4().hex,
            department=mail.department,
            message_id=mail.mail_id,
            rounds=(mail.round_id,),
            sent_at=now,
            method="MAIL",
            address=f"{self._server.host}:{self._server.port}",
            body=message.as_bytes(policy=SMTP),
        )

    def _written(self, mail: Mail, now: datetime) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._server.sender
        message["To"] = mail.to
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(now)
        # The same for every send: a mail box that got it twice can tell
        message["Message-ID"] = f"<{mail.mail_id}@{self._server.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text)
        return message

    def _hand_over(self, message: EmailMessage) -> None:
        server = self._server
        trust = server.trust or ssl.create_default_context()
        with self._connection(trust) as smtp:
            if server.encryption is Encryption.STARTTLS:
                smtp.starttls(context=trust)
            if server.user is not None:
                smtp.login(server.user, server.password or "")
            smtp.send_message(message)

    def _connection(self, trust: ssl.SSLContext) -> smtplib.SMTP:
        server = self._server
        if server.encryption is Encryption.TLS:
            return smtplib.SMTP_SSL(server.host, server.port, timeout=server.timeout_seconds, context=trust)
        return smtplib.SMTP(server.host, server.port, timeout=server.timeout_seconds)


def _failure(kind: str, code: int) -> Exception:
    if code in _PERMANENT:
        return DepartmentRefusal(f"{kind}-{code}: this mail box takes nothing")
    return DepartmentUnavailable(f"{kind}-{code}: this mail box takes nothing now")
