"""Generated input against the doors for departments and the inbox: no 5xx, and every status is a declared one.

Bounded, so that the suite stays fast; LIANDONG_EXAMPLES=300 looks harder.
"""

import json
import os
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest
import schemathesis
from httpx import AsyncClient, Response
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok

from adapters.webhook_signature import sign
from api.throttle import Throttle
from domain.person import PersonRole
from tests.api.bodies import launched
from tests.api.conftest import Desk

Drawn = TypeVar("Drawn")
EXAMPLES = int(os.environ.get("LIANDONG_EXAMPLES", "20"))
DOORS = r"^/v1/(departments/\{code\}/callbacks|inbox|inbox/.*|links/.*)$"
JUNK: SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)


def drawn(strategy: SearchStrategy[Drawn], number: int = EXAMPLES) -> list[Drawn]:
    """The same ones in every run: a failure can be looked at again."""
    found: list[Drawn] = []

    @settings(
        max_examples=number,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(one: Drawn) -> None:
        found.append(one)

    collect()
    return found


def cases(desk: Desk) -> Iterator[Case[Any]]:
    schema = schemathesis.openapi.from_dict(desk.app.openapi()).include(path_regex=DOORS)
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                yield from drawn(found.ok().as_strategy(generation_mode=mode), EXAMPLES // 2)
            except Unsatisfiable:
                # An operation without input cannot be spoilt
                if mode is GenerationMode.POSITIVE:
                    raise


async def sent(client: AsyncClient, case: Case[Any], **headers: str) -> Response:
    wanted = case.as_transport_kwargs(base_url="http://liandong")
    content = wanted.get("data")
    if "json" in wanted:
        content = json.dumps(wanted["json"])
    if isinstance(content, dict):
        content = json.dumps(content)
    given_headers = {name: value for name, value in wanted["headers"].items() if _sendable(name, value)}
    return await client.request(
        case.method, wanted["url"], content=content, params=wanted.get("params"), headers=given_headers | headers
    )


def _sendable(name: str, value: object) -> bool:
    # What no client can put on the wire is refused there, before it is ours to judge
    return name.isascii() and isinstance(value, str) and value.isascii() and value.isprintable() and ":" not in name


@pytest.mark.timeout(120)
@pytest.mark.parametrize("role", [None, PersonRole.DEPARTMENT_OFFICER])
async def test_no_generated_request_is_a_server_error(desk: Desk, role: PersonRole | None) -> None:
    await launched(desk)
    desk.app.state.throttle = Throttle(tokens_a_minute=100_000, signatures_a_minute=100_000)
    seen = 0
    async with desk.client() as client:
        bearer = desk.client(role).headers.get("authorization")
        for case in cases(desk):
            response = await sent(client, case, **({"authorization": bearer} if bearer else {}))
            seen += 1
            assert response.status_code < 500, (case.method, case.path, case.as_curl_command())
            declared = set(case.operation.definition.raw["responses"]) | {"405", "404", "422"}
            assert str(response.status_code) in declared, (case.method, case.path, response.status_code)
    assert seen >= EXAMPLES


@pytest.mark.timeout(120)
async def test_no_signed_junk_is_a_server_error(desk: Desk) -> None:
    """Past the signature, where the strict reading begins."""
    case_id = await launched(desk)
    round_ = {"request_id": f"{case_id}.dissolve", "round": 1}
    envelope = st.fixed_dictionaries(
        {"type": st.sampled_from(["request.replied", "request.acknowledged"]) | JUNK, "timestamp": st.text() | JUNK,
         "data": JUNK | st.builds(lambda reply: round_ | {"reply": reply}, JUNK)}
    )  # fmt: skip
    replies = st.builds(
        lambda reply: {"type": "request.replied", "timestamp": "2023-01-03T10:00:00+08:00",
                       "data": round_ | {"reply": reply}},
        st.fixed_dictionaries({"code": st.sampled_from(["ACCEPTED", "REFUSED", "NEED_MORE", "INTERIM", "NO_RESULT"])},
                              optional={"note": JUNK, "tried": JUNK, "materials": JUNK, "reason": JUNK}),
    )  # fmt: skip
    bodies = [json.dumps(one).encode() for one in drawn(envelope | replies | JUNK, EXAMPLES * 4)]
    bodies += drawn(st.binary(max_size=200), EXAMPLES)
    async with desk.client() as market:
        for body in bodies:
            text = body.decode("latin-1")
            headers = sign(desk.secrets["market"], uuid.uuid4().hex, datetime.now(UTC), text)
            response = await market.post("/v1/departments/market/callbacks", content=text.encode(), headers=headers)
            assert response.status_code in (200, 202, 404, 409, 422), (response.status_code, body)
