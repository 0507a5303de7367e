"""Writes what integrators get from the code: `python -m bootstrap.department_kit [FOLDER]`."""

import json
import sys
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

from adapters.callback import CALLBACK
from adapters.department_contract import Answered, Dispatched, Pending, ReceiptAnswer, RoundsAnswer, Withdrawn
from api.openapi import DEPARTMENT, declare_problems, problem_schemas
from api.routers import callbacks
from bootstrap.polled_openapi import polled_side
from bootstrap.soap_description import wsdl, xsd

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "departments"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DOOR = "/v1/departments/{code}/callbacks"


def files() -> dict[str, str]:
    """Name to content."""
    polls: TypeAdapter[Pending | Answered] = TypeAdapter(Pending | Answered)
    schemas = {
        "request-dispatched": Dispatched.model_json_schema(),
        "request-withdrawn": Withdrawn.model_json_schema(),
        "receipt": ReceiptAnswer.model_json_schema(),
        "poll-answer": polls.json_schema(),
        "poll-many-answer": RoundsAnswer.model_json_schema(),
        "callback": CALLBACK.json_schema(),
    }
    written = {f"{name}.schema.json": _text({"$schema": _DIALECT, **schema}) for name, schema in schemas.items()}
    return written | {
        "callbacks.openapi.json": _text(callback_side()),
        "polled.openapi.json": _text(polled_side()),
        "department.xsd": xsd(),
        "department.wsdl": wsdl(),
    }


def callback_side() -> dict[str, Any]:
    """OpenAPI of the one address of ours that departments call."""
    app = FastAPI()
    app.include_router(callbacks.router)
    document = get_openapi(title="联动 Liandong: callbacks of departments", version="1", routes=app.routes)
    body = CALLBACK.json_schema(ref_template="#/components/schemas/{model}")
    schemas = body.pop("$defs") | problem_schemas() | {"Callback": body}
    operation = document["paths"][_DOOR]["post"]
    operation["operationId"] = "department_callback"
    operation["requestBody"]["content"]["application/json"]["schema"] = {"$ref": "#/components/schemas/Callback"}
    declare_problems(operation)
    document["components"] = {"schemas": schemas, "securitySchemes": {"department": DEPARTMENT}}
    return document


def _text(value: dict[str, Any]) -> str:
    _let_limits_be_text(value)
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def _let_limits_be_text(value: Any) -> None:
    """A limit reads its own text form, which is what departments write; its model describes the parts alone."""
    if isinstance(value, list):
        for one in value:
            _let_limits_be_text(one)
    if not isinstance(value, dict):
        return
    limit = value.get("Limit")
    if isinstance(limit, dict) and "anyOf" not in limit:
        text = {"type": "string", "examples": ["5 working_days", "end_of_business_today", "2026-12-01"]}
        value["Limit"] = {"title": limit.pop("title"), "description": limit.pop("description"), "anyOf": [text, limit]}
    for one in value.values():
        _let_limits_be_text(one)


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
