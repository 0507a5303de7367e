"""The district's policy as this start runs it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bootstrap.log import get_logger
from bootstrap.policies import PolicyError, load_policy
from bootstrap.settings import Pace, Settings
from domain.department import Department
from domain.policy import DistrictPolicy

NOTICE_CHANNEL = "notice"
_COMPRESSED_POLL_SECONDS = 1
_log = get_logger(__name__)


@dataclass(frozen=True)
class Whereabouts:
    """What only the start knows: addresses that the settings leave open."""

    public_url: str
    temporal_address: str
    simulators_url: str | None = None
    """Every department is played by the simulators at this address."""
    lazy_engine: bool = False
    """Do not wait for Temporal; workers cannot be made then."""
    serves: bool = False
    """The process that serves the API brings people, directory and notices up to date; the others only read them."""


def effective_policy(settings: Settings, where: Whereabouts) -> DistrictPolicy:
    """Compressed days are polled every second, day and night; simulators stand in. Raises PolicyError."""
    policy = load_policy(settings.policies)
    if unknown := sorted({rung.channel for rung in policy.ladder.rungs} - {NOTICE_CHANNEL}):
        raise PolicyError(
            (f"ladders.toml: ladder.rungs: 没有此通知渠道 · no notice channel is named {', '.join(unknown)}",)
        )
    changes: dict[str, object] = {}
    if settings.pace.mode is Pace.COMPRESSED:
        changes |= {"poll_seconds": _COMPRESSED_POLL_SECONDS, "poll_seconds_near_due": None, "quiet": None}
    departments = tuple(
        _checked(
            department,
            changes | (_simulated(where.simulators_url, department.code) if where.simulators_url else {}),
        )
        for department in policy.departments
    )
    return policy.model_copy(update={"departments": departments})


class PolicyDirectory:
    """The directory for a process without a store: the policy files, read again when they have changed."""

    def __init__(self, settings: Settings, where: Whereabouts) -> None:
        self._settings = settings
        self._where = where
        self._file: Path = settings.policies / "departments.toml"
        self._read_at = self._file.stat().st_mtime_ns
        self.policy = effective_policy(settings, where)

    async def find(self, code: str) -> Department | None:
        """A file that cannot be used changes nothing: the last good one stays in force."""
        try:
            changed_at = self._file.stat().st_mtime_ns
            if changed_at != self._read_at:
                self._read_at = changed_at
                self.policy = effective_policy(self._settings, self._where)
        except (PolicyError, OSError) as error:
            _log.error("policy not read again", reason=str(error))
        return self.policy.department(code)


def _simulated(url: str, code: str) -> dict[str, object]:
    """The simulators run on this machine: the one place where a department may live on loopback."""
    return {"base_url": f"{url}/{code}", "own_network": "127.0.0.0/8"}


def _checked(department: Department, changes: Mapping[str, object]) -> Department:
    return Department.model_validate(department.model_dump() | dict(changes))
