"""OpenAPI of what a polled department offers, from the same models that describe its messages."""

from typing import Any

from pydantic import BaseModel, TypeAdapter

from adapters.department_contract import Answered, Dispatched, Pending, ReceiptAnswer, RoundsAnswer
from domain.ids import REQUEST_ID

Json = dict[str, Any]
_REF = "#/components/schemas/{model}"
_PARAMETERS: list[Json] = [
    {"name": "request_id", "in": "path", "required": True, "schema": {"type": "string", "pattern": REQUEST_ID}},
    {"name": "round", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}},
]
_REFUSALS: Json = {
    "401": {"description": "令牌不符，不留痕迹 · Not our token; nothing is kept."},
    "429": {"description": "稍后再来，可带 Retry-After · Later; Retry-After is honoured up to an hour."},
    "503": {"description": "稍后再来，可带 Retry-After · Later; Retry-After is honoured up to an hour."},
}


def polled_side() -> Json:
    models: list[type[BaseModel]] = [Dispatched, ReceiptAnswer, Pending, Answered, RoundsAnswer]
    schemas: Json = {}
    for model in models:
        schema = TypeAdapter(model).json_schema(ref_template=_REF)
        schemas |= schema.pop("$defs", {}) | {model.__name__: schema}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "联动 Liandong: what a polled department offers",
            "version": "1",
            "description": "部门系统须在其地址下提供；联动只呼入，部门从不外呼。 · "
            "A polled department offers this below its address; it is called and never calls.",
        },
        "servers": [{"url": "https://department.example.org/liandong"}],
        "security": [{"liandong": []}],
        "paths": {
            "/requests/{request_id}/rounds/{round}": {
                "parameters": _PARAMETERS,
                "put": _deliver(),
                "get": _ask(),
                "delete": _withdraw(),
            },
            "/requests": {"get": _ask_together()},
        },
        "components": {
            "schemas": schemas,
            "securitySchemes": {"liandong": {"type": "http", "scheme": "bearer"}},
        },
    }


def _deliver() -> Json:
    return {
        "operationId": "deliver",
        "summary": "存放一轮请求，可重复 · Leave a round; safe to repeat",
        "requestBody": {"required": True, "content": _json("Dispatched")},
        "responses": {
            "200": {"description": "已落盘 · Stored.", "content": _json("ReceiptAnswer")},
            "201": {"description": "已落盘 · Stored.", "content": _json("ReceiptAnswer")},
            "409": {
                "description": "此前已收，同一回执 · Had it before: the same receipt.",
                "content": _json("ReceiptAnswer"),
            },
            "413": {"description": "过大 · Too large; a person decides."},
            "422": {"description": "永不接受，转值班长 · Will never be taken; a person decides."},
            **_REFUSALS,
        },
    }


def _ask() -> Json:
    either = {"oneOf": [{"$ref": _REF.format(model="Pending")}, {"$ref": _REF.format(model="Answered")}]}
    return {
        "operationId": "ask",
        "summary": "询问答复 · Ask for the answer",
        "responses": {
            "200": {"description": "照实 · As it is.", "content": {"application/json": {"schema": either}}},
            "404": {"description": "从未收到该轮 · Never took this round in."},
            **_REFUSALS,
        },
    }


def _withdraw() -> Json:
    return {
        "operationId": "withdraw",
        "summary": "不再等待，可重复 · Nobody waits any more; safe to repeat",
        "responses": {
            "200": {"description": "知悉 · Understood."},
            "204": {"description": "知悉 · Understood."},
            "404": {"description": "从未有过 · Never had it."},
            "409": {"description": "已答复 · Answered already."},
            "410": {"description": "已撤回 · Withdrawn before."},
            **_REFUSALS,
        },
    }


def _ask_together() -> Json:
    etag = {"schema": {"type": "string", "maxLength": 200}}
    listed = {"name": "rounds", "in": "query", "required": True, "schema": {"type": "string"}}
    listed["description"] = "至多 100 轮，逗号分隔 · Up to 100 rounds with commas: LD-2026-000008.dissolve.r1,…"
    return {
        "operationId": "ask_together",
        "summary": "可选：同时问多轮 · Optional: ask for many rounds",
        "parameters": [listed, {"name": "If-None-Match", "in": "header", "required": False, **etag}],
        "responses": {
            "200": {"description": "照实 · As it is.", "headers": {"ETag": etag}, "content": _json("RoundsAnswer")},
            "304": {"description": "与 ETag 所指相同 · The same as the ETag says."},
            "404": {"description": "不提供 · Not offered: each round is asked for by itself."},
            **_REFUSALS,
        },
    }


def _json(model: str) -> Json:
    return {"application/json": {"schema": {"$ref": _REF.format(model=model)}}}
