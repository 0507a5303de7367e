"""A case whose requester has something to hand in, and the requester's own door to it."""

import hashlib
from pathlib import Path
from typing import Any

from httpx import AsyncClient, Response
from pydantic import TypeAdapter

from domain.decision import Decision
from domain.deferral import DeferralSnapshot, MaterialState, Submission, SubmitMaterial
from domain.errors import conflict
from domain.person import PersonRole
from domain.supplement import ReceiveSupplement
from tests.api.bodies import PLAN, REGISTRATION, TRIAGE
from tests.api.conftest import Desk
from tests.api.materials import PDF, deferral, notice

PROMISED = "dissolve-m1"
CONTRACT = notice().materials[0].material
HELD = notice().materials[1].material
SHA = hashlib.sha256(PDF).hexdigest()
OTHER = PDF + b"% other\n"


async def coordinated(desk: Desk, external_id: str = "HK-1", **material: Any) -> dict[str, str]:
    """A running case with a promise and a notice out, and the code of its requester."""
    async with desk.client(PersonRole.CLERK) as clerk:
        made = (await clerk.post("/v1/cases", json=REGISTRATION | {"external_id": external_id})).json()
    case_id = made["case_id"]
    async with desk.client(PersonRole.DUTY_LEADER) as leader:
        await leader.post(f"/v1/cases/{case_id}/triage", json=TRIAGE)
        assert (await leader.post(f"/v1/cases/{case_id}/launch", json=PLAN)).status_code in (200, 202)
    promise = deferral(case_id)
    changed = promise.materials[0].model_copy(update=material)
    desk.engine.shown = {
        "deferrals": (promise.model_copy(update={"materials": (changed,)}),),
        "supplement": notice(),
    }
    desk.engine.effect = Taking(desk)
    return {"case_id": case_id, "code": made["progress_code"]}


class Taking:
    """What the coordination does with a material that comes."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def __call__(self, decision: Decision) -> None:
        shown, now = self._desk.engine.shown, self._desk.wall.now()
        if isinstance(decision, SubmitMaterial):
            (promise,) = TypeAdapter(tuple[DeferralSnapshot]).validate_python(shown["deferrals"])
            material = promise.materials[0]
            if material.state is MaterialState.VERIFYING:
                raise conflict("material-not-awaited", "this material is VERIFYING, said user:secret")
            came = Submission(
                number=1,
                at=decision.received_at or now,
                channel=decision.channel,
                sha256=decision.sha256,
                file_ref=decision.file_ref,
            )
            taken = material.model_copy(update={"state": MaterialState.VERIFYING, "submissions": (came,)})
            shown["deferrals"] = (promise.model_copy(update={"materials": (taken,)}),)
        if isinstance(decision, ReceiveSupplement):
            (one,) = decision.received
            out = notice()
            lines = tuple(
                line.model_copy(update={"received_at": decision.received_at or now, "received_as": one.received_as})
                if line.name == one.name
                else line
                for line in out.materials
            )
            shown["supplement"] = out.model_copy(update={"materials": lines})


async def hand_in(
    desk: Desk, known: dict[str, str], content: Any = PDF, *, material: str = PROMISED, key: str = "k", **headers: str
) -> Response:
    async with desk.client() as requester:
        return await sent(requester, known, content, material=material, key=key, **headers)


async def sent(
    client: AsyncClient, known: dict[str, str], content: Any, *, material: str = PROMISED, key: str = "k", **more: str
) -> Response:
    headers = {"Case-Number": known["case_id"], "Progress-Code": known["code"], "Idempotency-Key": key}
    headers |= {name.replace("_", "-"): value for name, value in more.items()}
    return await client.post(f"/v1/progress/materials/{material}/file", content=content, headers=headers)


async def seen(desk: Desk, known: dict[str, str]) -> dict[str, dict[str, Any]]:
    async with desk.client() as requester:
        shown = (await requester.post("/v1/progress", json=known)).json()
    return {item["material"]: item for item in shown["to_supply"]}


def shelved(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "materials").rglob("*") if path.is_file()]


def refused(response: Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]
