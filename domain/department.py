"""A department as the directory knows it, and the part of that which a running case keeps."""

from datetime import time
from ipaddress import ip_network
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from domain.codes import Technique
from domain.limit import Limit
from domain.task_queue import department_queue
from domain.wire import Wire

DEPARTMENT_CODE = r"^[a-z][a-z0-9_-]{1,31}$"
MAIL_ADDRESS = r"^[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*$"


class QuietHours(Wire):
    """Hours of the night in which a department's system is left alone; Beijing time, may pass midnight."""

    starts: time
    ends: time


_WIDEST_NETWORK = {4: 8, 6: 16}
"""Shortest prefixes: a wider network would be the Internet by another name."""


def _network(text: str) -> str:
    try:
        network = ip_network(text)
    except ValueError:
        raise PydanticCustomError("network", "must be a network such as 10.20.0.0/16") from None
    if network.prefixlen < _WIDEST_NETWORK[network.version]:
        raise PydanticCustomError("network_too_wide", "must be a department's own network, not half of the Internet")
    return str(network)


Network = Annotated[str, Field(max_length=50), AfterValidator(_network)]


class DepartmentRoute(Wire):
    """How a case reaches a department; part of the case's history, so a later directory change cannot break it."""

    code: str = Field(pattern=DEPARTMENT_CODE)
    technique: Technique
    poll_seconds: int = Field(default=600, ge=1, le=86_400)
    """Pause between two polls of a polled department."""
    signs: bool = True
    """False: its system cannot tell when a person signed; delivery counts as signing for."""
    poll_seconds_near_due: int | None = Field(default=None, ge=1, le=86_400)
    """The shortest pause, reached when the answer is about to be due; None: the pause never changes."""
    quiet: QuietHours | None = None

    @property
    def task_queue(self) -> str:
        return department_queue(self.code)


class Department(Wire):
    """A directory entry. Secrets are kept apart from it."""

    code: str = Field(pattern=DEPARTMENT_CODE)
    name_zh: str = Field(min_length=1, max_length=100)
    name_en: str = Field(min_length=1, max_length=100)
    technique: Technique
    base_url: str = Field(default="", max_length=500)
    """Empty only for departments of people, who have no system."""
    own_network: Network | None = None
    """The network that the address may lie in although it is not public (CIDR); plain http is possible only there."""
    mail: str | None = Field(default=None, max_length=200, pattern=MAIL_ADDRESS)
    """People without a token get a link sent here."""
    poll_seconds: int = Field(default=600, ge=1, le=86_400)
    poll_seconds_near_due: int | None = Field(default=None, ge=1, le=86_400)
    quiet: QuietHours | None = None
    sign_limit: Limit | None = None
    """Overrides the district's sign-for limit."""
    reply_limit: Limit | None = None
    """Overrides the district's reply limit."""
    signs: bool = True
    """False: its system cannot tell when a person signed; delivery counts as signing for."""
    max_concurrency: int = Field(default=8, ge=1, le=256)
    max_sends_per_minute: int = Field(default=600, ge=1, le=60_000)
    """What one process of ours may ask of the department's system."""
    max_messages_per_minute: int = Field(default=600, ge=1, le=60_000)
    """What the department may send to one process of ours; more is answered with 429."""
    enabled: bool = True

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if not self.base_url and self.technique is not Technique.PEOPLE:
            raise PydanticCustomError("address_needed", "a department with a system has an address")
        return self

    def route(self) -> DepartmentRoute:
        return DepartmentRoute(
            code=self.code,
            technique=self.technique,
            poll_seconds=self.poll_seconds,
            poll_seconds_near_due=self.poll_seconds_near_due,
            quiet=self.quiet,
            signs=self.signs,
        )
