"""The mail carrier that the settings describe."""

from adapters.mail import SmtpMail
from adapters.mail_server import MailServer
from bootstrap.settings import MailSettings
from domain.ports import Exchanges, MailChannel, TimeSource


def build_mail(settings: MailSettings, time: TimeSource, exchanges: Exchanges) -> MailChannel | None:
    """None without a mail server: people then use the inbox alone."""
    if settings.host is None:
        return None
    server = MailServer(
        host=settings.host,
        port=settings.port,
        sender=settings.sender,
        encryption=settings.encryption,
        user=settings.user,
        password=settings.password.get_secret_value() if settings.password else None,
    )
    return SmtpMail(server, time, exchanges)
