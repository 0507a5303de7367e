"""What a conformance run says about one rule of the contract."""

from pydantic import BaseModel, ConfigDict


class Finding(BaseModel):
    """`reason` says what was seen, `change` what the department has to do about it."""

    model_config = ConfigDict(frozen=True)

    check: str
    rule: str
    passed: bool | None
    """None: could not be tried, because something before it failed."""
    reason: str = ""
    change: str = ""


class Report(BaseModel):
    model_config = ConfigDict(frozen=True)

    url: str
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        return all(finding.passed for finding in self.findings)
