"""What a conformance run says about one rule of the contract, in both languages."""

from pydantic import BaseModel, ConfigDict

from domain.codes import Technique


class Said(BaseModel):
    """The same words for whoever reads Chinese and for whoever reads English."""

    model_config = ConfigDict(frozen=True)

    zh: str
    en: str


class Finding(BaseModel):
    """`reason` says what was seen, `change` what the department has to do about it."""

    model_config = ConfigDict(frozen=True)

    check: str
    rule: Said
    passed: bool | None
    """None: could not be tried, because something before it failed, or because the department need not offer it."""
    reason: Said | None = None
    change: Said | None = None
    optional: bool = False
    """Not offered, and need not be."""


class Report(BaseModel):
    model_config = ConfigDict(frozen=True)

    url: str
    technique: Technique
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        return all(finding.passed or finding.optional for finding in self.findings)


class Broken(Exception):
    """The rule is broken; what was seen, and what to change."""

    def __init__(self, reason: Said, change: Said) -> None:
        super().__init__(reason.en)
        self.reason = reason
        self.change = change


class NotOffered(Exception):
    """A part of the contract that a department may leave out."""

    def __init__(self, reason: Said) -> None:
        super().__init__(reason.en)
        self.reason = reason


def said(zh: str, en: str) -> Said:
    return Said(zh=zh, en=en)
