"""What can go wrong between a command and the API."""

from collections.abc import Mapping
from typing import Any

from bootstrap.operator_error import OperatorError


class ApiRefusal(OperatorError):
    """The API answered, and the answer is no."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        # A department's message is answered in its own words: no problem, but a status that names the rule
        said = problem.get("type") or problem.get("status") or ""
        self.code = str(said).rpartition("/")[2].rpartition(":")[2] or str(status)
        self.title_zh, self.detail_zh = str(problem.get("title_zh") or ""), str(problem.get("detail_zh") or "")
        self.problems = [one for one in problem.get("problems") or problem.get("errors") or () if isinstance(one, dict)]
        super().__init__(str(problem.get("detail") or problem.get("title") or f"HTTP {status}"))


class ApiAway(OperatorError):
    """Nobody answers at the address, or what answers is not this product."""
