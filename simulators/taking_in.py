"""How a simulated department takes a request in and lets it go, whatever the protocol."""

from fastapi.responses import JSONResponse, Response
from pydantic import JsonValue

from simulators.department import SimulatedDepartment
from simulators.fault import broken
from simulators.journal import Received
from simulators.script import Behaviour


async def deliver(department: SimulatedDepartment, entry: Received, data: dict[str, JsonValue], key: str) -> Response:
    request_id, number = str(data["request_id"]), int(str(data["round"]))
    entry.type, entry.idempotency_key, entry.data = "request.dispatched", key, data
    entry.request_id, entry.round = request_id, number
    send = department.attempts[key] = department.attempts.get(key, 0) + 1
    behaviour = department.script.behaviour(request_id, number)
    if send <= behaviour.fail_first:
        return replied(entry, _failure(behaviour))
    fault = behaviour.fault if send <= behaviour.fail_first + behaviour.faulty_sends else None
    known = department.rounds.get(key)
    entry.repeated = known is not None
    if known is None and (fault is None or fault.commits):
        known = department.take_in(key, data)
        entry.committed = True
    if fault is not None:
        entry.outcome = fault.value
        return await broken(fault)
    assert known is not None
    # PUT says the same twice; POST says that it has the message already
    status = 409 if entry.repeated and entry.method == "POST" else 200
    return replied(entry, JSONResponse({"receipt": known.receipt}, status_code=status))


def withdraw(department: SimulatedDepartment, entry: Received, request_id: str, number: int) -> Response:
    key = f"{request_id}.r{number}"
    entry.type, entry.idempotency_key, entry.request_id, entry.round = "request.withdrawn", key, request_id, number
    status = 200 if department.withdraw(key) else 404
    return replied(entry, JSONResponse({}, status_code=status))


def _failure(behaviour: Behaviour) -> Response:
    headers = {} if behaviour.retry_after is None else {"retry-after": str(behaviour.retry_after)}
    return JSONResponse({"error": "as scripted"}, status_code=behaviour.fail_status, headers=headers)


def replied(entry: Received, response: Response) -> Response:
    entry.outcome = str(response.status_code)
    return response
