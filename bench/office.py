"""L8: cases of the real product, ordered through its public API and answered by simulated departments."""

from dataclasses import dataclass
from pathlib import Path

from bench.policy import TEXT
from bench.shape import DEPARTMENTS, answer_after
from bootstrap.api_client import ApiClient, Json
from bootstrap.private_file import read_entries
from bootstrap.tokens import TOKENS_FILE

_ACCEPTED = {"code": "ACCEPTED", "note": "可以办理"}
_REGISTRATION: Json = {
    "title": "四部门联办",
    "request": "需要四个部门同时给出意见。",
    "requester": {"type": "individual", "name": "某市民", "contact": "13800000000"},
    "item": {"name": "企业设立登记", "code": "business-licence"},
    "category": "several-departments",
}
PLAN: Json = {
    "asks": [
        {"key": code, "department": code, "role": "SUPPORT" if number else "LEAD", "text": TEXT}
        for number, code in enumerate(DEPARTMENTS)
    ]
}
_TRIAGE: Json = {"decision": "COORDINATE", "cause": "CROSS_DEPT", "urgency": "NORMAL"}


@dataclass
class Counter:
    """The clerk and the duty leader: what they do before a launch, the launch, and what they read at the end."""

    clerk: ApiClient
    leader: ApiClient

    @classmethod
    def of(cls, api_url: str, data_dir: Path) -> "Counter":
        tokens = read_entries(data_dir / TOKENS_FILE)
        return cls(ApiClient(api_url, tokens["clerk"]), ApiClient(api_url, tokens["leader"]))

    async def close(self) -> None:
        await self.clerk.close()
        await self.leader.close()

    async def ready_for_launch(self) -> str:
        """Register, first contact, triage; the case number."""
        case = await self.clerk.post("/v1/cases", _REGISTRATION)
        path = f"/v1/cases/{case['case_id']}"
        await self.clerk.post(f"{path}/first-contact", {"channel": "phone", "note": "已说明"})
        await self.leader.post(f"{path}/triage", _TRIAGE)
        return str(case["case_id"])

    async def launch(self, case_id: str) -> None:
        await self.leader.post(f"/v1/cases/{case_id}/launch", PLAN)

    async def lost_answers(self, case_id: str) -> list[str]:
        """What of an answered case did not arrive; empty when all is well."""
        case = await self.leader.get(f"/v1/cases/{case_id}")
        outcome = case["outcome"]["outcome"] if case["outcome"] else None
        replies = {one["key"]: (one["rounds"] or [{}])[-1].get("reply") for one in case["coordination"]["requests"]}
        lost = [f"{case_id}: no answer of {key}, but {reply}" for key, reply in replies.items() if reply != "ACCEPTED"]
        return lost if outcome == "DONE" else [*lost, f"{case_id}: outcome {outcome}"]


async def brief(simulators_url: str, control: str, apart: float | None) -> None:
    """Departments take a request in at once and answer one after the other (None: never); none signs for it first."""
    door = ApiClient(simulators_url, control)
    try:
        for code in DEPARTMENTS:
            after = None if apart is None else answer_after(code, apart)
            behaviour: Json = {"acknowledge_after": None, "answer_after": after, "reply": _ACCEPTED}
            await door.put(f"/scripts/{code}", {"default": behaviour})
    finally:
        await door.close()
