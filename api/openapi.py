"""The API described by itself: declared errors, stable names, security schemes."""

import json
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.operation_text import in_both
from api.problem import MEDIA_TYPE, Problem

EXAMPLES = Path(__file__).with_name("examples.json")
"""Responses as the API gave them once; a test compares them with what it gives today."""

DESCRIPTION = """\
联动（Liandong）协调多个部门共同办理一件“办不成”的事。

Liandong coordinates one escalated case across several departments and keeps every clock.

* 人员使用个人令牌（Bearer）；部门系统使用签名。 People send a bearer token, departments sign their messages.
* 时间一律带时区；响应为 UTC。 Every instant has its zone; responses are in UTC.
* 错误一律为 `application/problem+json`。 Every error is a problem document with a stable `type`.
* 可重复发送：登记、先行联系、研判、启动、决定重复提交只生效一次。 Everything may be sent again: it takes effect once.
"""

TAGS = [
    {"name": "cases", "description": "案件：从登记到启动 · From the counter to the launch"},
    {
        "name": "decisions",
        "description": "决定：协同过程中由人作出的决定 · What people decide about a running coordination",
    },
    {"name": "materials", "description": "材料与文书：提交的文件、出具的文书 · Files handed in, letters handed out"},
    {"name": "follow-ups", "description": "办结之后：回访、差评、重新办理 · Calls, bad reviews, reopening"},
    {
        "name": "requesters",
        "description": "反映人：查看本人事项、评价 · The own case by number and code, the rating by a link",
    },
    {"name": "callbacks", "description": "部门回执：部门系统发来的报文 · What departments' systems send"},
    {
        "name": "inbox",
        "description": "部门收件箱：无系统的部门签收、答复 · Requests to people without a system, and their answers",
    },
    {"name": "directory", "description": "目录与日历：部门、日历、本人 · Departments, calendar, oneself"},
    {
        "name": "administration",
        "description": "管理：部门、密钥、审计 · Departments and their keys, and the audit beside the cases",
    },
    {"name": "operations", "description": "运维：健康状态与指标 · Health and metrics"},
]

DEPARTMENT = {
    "type": "apiKey",
    "in": "header",
    "name": "webhook-signature",
    "description": "部门签名 · Standard Webhooks: `webhook-id`, `webhook-timestamp` and `webhook-signature` over the "
    "raw body, with the department's own secret.",
}

_LINK = {
    "type": "apiKey",
    "in": "query",
    "name": "token",
    "description": "一次性链接 · The last part of a mailed link; it stands in the path and opens one request.",
}

_MEANINGS = {
    200: "成功 · Done, or read.",
    201: "已建立 · Made, and to be found at `Location`.",
    401: "未认证 · No valid token or signature.",
    403: "无权 · The role may not do this.",
    404: "不存在 · Nothing here, or nothing that concerns you.",
    408: "超时 · The body did not arrive in time.",
    409: "冲突 · The state of the case does not allow it.",
    413: "过大 · The body is too large.",
    422: "输入有误 · Every broken rule with its field.",
    429: "过于频繁 · Too many failed attempts, or more than was agreed; wait for the time in Retry-After.",
    500: "意外错误 · Quote the error id.",
    503: "暂不可用 · Try again after the time in Retry-After.",
}

_FRAMEWORKS_WORDS = "Successful Response"
"""What FastAPI writes where nobody said more."""


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Declare refusals of an endpoint; their content is filled in by `describe`."""
    return {status: {"description": _MEANINGS[status]} for status in statuses}


def leads_to(*operations: str, **parameters: str) -> dict[int | str, dict[str, Any]]:
    """Declare what a success makes possible next, as links: operation ids, and where their parameters come from."""
    return {200: {"links": {name: {"operationId": name, "parameters": parameters} for name in operations}}}


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document: FastAPI's, with problems instead of its own error shapes."""
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=DESCRIPTION,
        routes=app.routes,
        tags=TAGS,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    schemas = document["components"]["schemas"]
    for foreign in ("HTTPValidationError", "ValidationError"):
        schemas.pop(foreign, None)
    schemas.update(problem_schemas())
    for name, example in json.loads(EXAMPLES.read_text(encoding="utf-8")).items():
        schemas[name]["examples"] = [example]
    document["components"]["securitySchemes"]["department"] = DEPARTMENT
    document["components"]["securitySchemes"]["link"] = _LINK
    for path in document["paths"].values():
        for operation in path.values():
            operation["description"] = in_both(operation["operationId"], operation.get("description", ""))
            declare_problems(operation)
    return document


def problem_schemas() -> dict[str, Any]:
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    inner: dict[str, Any] = problem.pop("$defs", {})
    return inner | {"Problem": problem}


def declare_problems(operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    if "requestBody" in operation:
        responses.setdefault("408", {"description": _MEANINGS[408]})
    if operation.get("security"):
        responses.setdefault("429", {"description": _MEANINGS[429]})
    responses.setdefault("500", {"description": _MEANINGS[500]})
    for status, response in responses.items():
        if response["description"] == _FRAMEWORKS_WORDS:
            response["description"] = _MEANINGS[int(status)]
        declared_otherwise = response.get("content") and "HTTPValidationError" not in str(response["content"])
        if int(status) >= 400 and not declared_otherwise:
            response["description"] = _MEANINGS.get(int(status), response["description"])
            response["content"] = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
