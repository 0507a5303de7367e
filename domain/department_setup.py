"""Bringing a department in: the keys it is handed once, and what a trial message to it shows."""

from datetime import timedelta

from pydantic import Field

from domain.wire import Instant, Wire

LONGEST_OVERLAP = timedelta(days=30)


class IssuedKeys(Wire):
    """What the department needs to know. It is shown once and kept nowhere in this form."""

    webhook_secret: str | None = None
    """Shared: we sign with it, and the department signs with it."""
    bearer_token: str | None = None
    """We show it to the department."""
    public_key: str | None = None
    """Ours: checks our asymmetric signatures (`v1a`)."""
    used_from: Instant | None = None
    """None: from now on. A bearer token is shown to the department only from here on."""
    former_until: Instant | None = None
    """Until then what was replaced is still good. None: nothing was replaced, or it ended at once."""


class KeyChange(Wire):
    """How keys are replaced."""

    shared: bool = True
    """Replace the shared secret or the bearer token."""
    overlap: timedelta = Field(default=timedelta(hours=24), ge=timedelta(0), le=LONGEST_OVERLAP)
    asymmetric: bool | None = None
    """True: we also sign with an ed25519 key. False: no longer. None: as before."""
    public_keys: tuple[str, ...] | None = Field(default=None, max_length=3)
    """The department's own ed25519 keys, instead of those known so far. None: as before."""


class CheckStep(Wire):
    """One thing that a trial message shows."""

    name: str
    passed: bool | None
    """None: could not be tried."""
    detail: str


class CheckReport(Wire):
    """Whether a department can be worked with now."""

    department: str
    steps: tuple[CheckStep, ...]

    @property
    def passed(self) -> bool:
        return all(step.passed for step in self.steps if step.passed is not None)
