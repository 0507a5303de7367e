"""Generated input against the doors for departments, the inbox and requesters, with every check: no 5xx, and what the
document says of each response is true. Single requests, and chains of them along the document's links.

Bounded, so that the suite stays fast; LIANDONG_EXAMPLES=300 looks harder.
"""

import asyncio
import json
import os
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy
from requests import PreparedRequest
from requests.auth import AuthBase
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.result import Ok
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import ignored_auth, negative_data_rejection

from adapters.webhook_signature import sign
from api.throttle import Throttle
from bootstrap import http_server
from bootstrap.settings import ApiSettings
from domain.person import PersonRole
from tests.api.bodies import launched
from tests.api.conftest import Desk, token
from tests.api.test_inbox import delivered

Drawn = TypeVar("Drawn")
EXAMPLES = int(os.environ.get("LIANDONG_EXAMPLES", "6"))
DOORS = r"^/v1/(departments/\{code\}/callbacks|inbox|inbox/.*|links/.*)$"
REQUESTERS_DOORS = r"^/v1/(progress(/.*)?|ratings)$"
BOUNDED = settings(
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
JUNK: SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)


def drawn(strategy: SearchStrategy[Drawn], number: int = EXAMPLES) -> list[Drawn]:
    """The same ones in every run: a failure can be looked at again."""
    found: list[Drawn] = []

    @settings(BOUNDED, max_examples=number)
    @given(strategy)
    def collect(one: Drawn) -> None:
        found.append(one)

    collect()
    return found


class Officer:
    """Lends the token; schemathesis itself leaves it out where it tries the door without."""

    def get(self, case: Case[Any], context: object) -> str:
        return f"Bearer {token(PersonRole.DEPARTMENT_OFFICER)}"

    def set(self, case: Case[Any], data: str, context: object) -> None:
        if "/v1/inbox" in case.path:
            case.headers["Authorization"] = data


class Signature(AuthBase):
    """At the door for systems: over the bytes that leave."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        if "/callbacks" in str(request.url):
            body = request.body.encode() if isinstance(request.body, str) else request.body or b""
            assert isinstance(body, bytes)
            request.headers.update(sign(self._secret, uuid.uuid4().hex, datetime.now(UTC), body.decode("latin-1")))
        return request


class Doors:
    """The running application, as schemathesis calls it from a thread of its own."""

    def __init__(self, schema: BaseSchema, credentials: Signature, link: str) -> None:
        self.schema = schema
        self.credentials = credentials
        self._link = link
        load_all_checks()
        self._checks = CHECKS.get_all()

    def checks_of(self, case: Case[Any]) -> list[Any]:
        """All of them; but a link's credential is its address, and OpenAPI can only name one beside the address:
        leaving that out, or spoiling it, spoils nothing."""
        beside_the_address = (ignored_auth, negative_data_rejection) if "/v1/links" in case.path else ()
        return [one for one in self._checks if one not in beside_the_address]

    def open(self, case: Case[Any]) -> None:
        """Half of the time somebody comes by a real link, and at a real department's door."""
        parameters = case.path_parameters
        if "token" in parameters and len(str(parameters["token"])) % 2:
            parameters["token"] = self._link
        if "code" in parameters and len(str(parameters["code"])) % 3:
            parameters["code"] = "market"

    def single(self) -> int:
        seen = 0
        for found in self.schema.get_all_operations():
            assert isinstance(found, Ok)
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                for case in self._cases(found.ok().as_strategy(generation_mode=mode), mode):
                    self.open(case)
                    case.call_and_validate(auth=self.credentials, checks=self.checks_of(case))
                    seen += 1
        return seen

    def _cases(self, strategy: SearchStrategy[Case[Any]], mode: GenerationMode) -> Iterator[Case[Any]]:
        try:
            yield from drawn(strategy)
        except Unsatisfiable:
            # An operation without input cannot be spoilt
            if mode is GenerationMode.POSITIVE:
                raise

    def chains(self) -> int:
        doors, steps = self, []

        class Chains(self.schema.as_state_machine()):  # type: ignore[misc]
            def before_call(self, case: Case[Any]) -> None:
                doors.open(case)
                steps.append(case.operation.label)

            def get_call_kwargs(self, case: Case[Any]) -> dict[str, Any]:
                return {"auth": doors.credentials}

            def validate_response(self, response: Any, case: Case[Any], **sent: Any) -> None:
                case.validate_response(response, checks=doors.checks_of(case), transport_kwargs=sent)

        Chains.run(settings=settings(BOUNDED, max_examples=EXAMPLES * 2, stateful_step_count=6))
        return len(steps)


@asynccontextmanager
async def served(desk: Desk, paths: str = DOORS) -> AsyncIterator[Doors]:
    desk.app.state.throttle = Throttle(
        tokens_a_minute=1_000_000, codes_a_minute=1_000_000, signatures_a_minute=1_000_000
    )
    async with desk.store.writing() as session:
        for one in await session.directory.all():
            await session.directory.save(one.model_copy(update={"max_messages_per_minute": 60_000}))
    post, _ = await delivered(desk)
    listening = http_server.listen(ApiSettings(port=0))
    async with http_server.serving(desk.app, listening, 5):
        schema = schemathesis.openapi.from_dict(desk.app.openapi()).include(path_regex=paths)
        schema.config.update(base_url=http_server.address(listening))
        if paths == DOORS:
            schema.auth()(Officer)
        # A valid shape may break a rule that no schema can say: a day that is over, a text of blanks
        schema.config.checks.positive_data_acceptance.expected_statuses += ["422"]
        # What breaks a rule may be too large as well, and that is seen first
        schema.config.checks.negative_data_rejection.expected_statuses += ["413"]
        yield Doors(schema, Signature(desk.secrets["market"]), post.link.rpartition("/")[2])


@pytest.mark.timeout(600 if EXAMPLES > 6 else 120)
async def test_every_response_at_the_requesters_doors_is_as_documented(desk: Desk) -> None:
    async with served(desk, REQUESTERS_DOORS) as doors:
        assert await asyncio.to_thread(doors.single) > EXAMPLES


@pytest.mark.timeout(600 if EXAMPLES > 6 else 120)
async def test_every_response_is_as_documented(desk: Desk) -> None:
    async with served(desk) as doors:
        assert await asyncio.to_thread(doors.single) > EXAMPLES


@pytest.mark.timeout(600 if EXAMPLES > 6 else 120)
async def test_every_chain_of_requests_is_answered_as_documented(desk: Desk) -> None:
    async with served(desk) as doors:
        assert await asyncio.to_thread(doors.chains) > EXAMPLES


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
