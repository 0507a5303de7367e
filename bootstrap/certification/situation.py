"""One situation of the contract, and how a list of them is played."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from bootstrap.certification.failure import failed_to_answer
from bootstrap.certification.finding import Broken, Finding, NotOffered, Said, said
from domain.department_failure import DepartmentUnavailable

Trial = TypeVar("Trial", contravariant=True)


@dataclass(frozen=True)
class Situation(Generic[Trial]):
    name: str
    rule: Said
    play: Callable[[Trial], Awaitable[None]]
    needs: tuple[str, ...] = ()
    """Situations that must have gone well before: without them this one would only say the same again."""


class Audience(Protocol):
    """Follows a run."""

    def begins(self, name: str, rule: Said) -> None: ...

    def hears(self, finding: Finding) -> None: ...


class Nobody:
    """Follows nothing."""

    def begins(self, name: str, rule: Said) -> None:
        """Not told."""

    def hears(self, finding: Finding) -> None:
        """Not told."""


async def play(situations: Sequence[Situation[Trial]], trial: Trial, audience: Audience) -> tuple[Finding, ...]:
    """One after the other. Never raises for what the department does."""
    findings: list[Finding] = []
    for situation in situations:
        missing = [one for one in findings if one.check in situation.needs and not one.passed]
        if missing:
            finding = _not_tried(situation, missing)
        else:
            audience.begins(situation.name, situation.rule)
            finding = await _tried(situation, trial)
        findings.append(finding)
        audience.hears(finding)
    return tuple(findings)


async def _tried(situation: Situation[Trial], trial: Trial) -> Finding:
    name, rule = situation.name, situation.rule
    try:
        await situation.play(trial)
    except Broken as broken:
        return Finding(check=name, rule=rule, passed=False, reason=broken.reason, change=broken.change)
    except NotOffered as absent:
        return Finding(check=name, rule=rule, passed=None, reason=absent.reason, optional=True)
    except DepartmentUnavailable as error:
        silent = failed_to_answer(error)
        return Finding(check=name, rule=rule, passed=False, reason=silent.reason, change=silent.change)
    return Finding(check=name, rule=rule, passed=True)


def _not_tried(situation: Situation[Trial], missing: Sequence[Finding]) -> Finding:
    names = ", ".join(one.check for one in missing)
    reason = said(f"未测：以 {names} 通过为前提", f"not tried: it needs {names}")
    optional = all(one.optional for one in missing)
    return Finding(check=situation.name, rule=situation.rule, passed=None, reason=reason, optional=optional)
