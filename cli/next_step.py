"""What to do after a refusal, by its code; the codes are those of docs/errors.md."""

_CASE = "`liandong case show CASE` 可看阶段、请求、材料和提请 · shows its stage, requests, materials and proposals."
_DEPARTMENTS = "`liandong department list` 列出部门代码 · shows the codes."
_FOLLOW_UPS = "`liandong case follow-ups CASE` 列出回访 · shows them; one begins soon after the outcome."
_LAUNCH = "请先启动协同，`liandong case show CASE` 可看阶段 · Launch the case first; it shows its stage."
_REOPEN = "有新情况可重办 · if something is new: liandong case decide CASE reopen --reason … --set cause=…"

_BY_CODE = {
    "unknown-case": "`liandong case list` 列出案件 · shows the cases.",
    "not-your-case": (
        "请以本案值班长身份办理：--as 人员，`liandong case show CASE` 可看承办人 · "
        "Act as the duty leader of this case: --as PERSON; the case names its owner."
    ),
    "case-ended": _REOPEN,
    "not-closed": "请直接在本案中处理，办结后才能重办 · Act in the case itself; only a closed one is reopened.",
    "not-coordinating": _LAUNCH,
    "case-not-running": _LAUNCH,
    "no-such-department": _DEPARTMENTS,
    "unknown-department": _DEPARTMENTS,
    "department-exists": _DEPARTMENTS,
    "person-not-found": (
        "人员由首次启动建立 · The first start makes one person for each role: clerk, leader, officer, supervisor, "
        "auditor, admin; every start an officer-CODE for each new department without a system. "
        "tokens.json in the data directory names them."
    ),
    "no-such-address": (
        "请核对 LIANDONG_API__PUBLIC_URL 是否指向本版本 · "
        "Does LIANDONG_API__PUBLIC_URL lead to this version of the product? See its `/docs`."
    ),
    "follow-up-not-running": _FOLLOW_UPS,
    "follow-up-ended": _FOLLOW_UPS,
    "no-follow-up": _FOLLOW_UPS,
}
_CASE_CODES = (
    "unknown-request",
    "no-such-request",
    "no-such-deferral",
    "no-such-material",
    "no-such-file",
    "no-such-notice",
    "no-such-proposal",
)
_BY_STATUS = {
    401: (
        "请设置 LIANDONG_TOKEN，或在服务器上申请新令牌 · "
        "Set LIANDONG_TOKEN, or make a new token on the server: liandong token new PERSON"
    ),
    403: (
        "该角色无权办理，请用 --as 换成有权限的人（如 clerk、leader、supervisor、admin） · "
        "This person's role may not do that: name one whose role may with --as (clerk, leader, supervisor, admin …)."
    ),
    503: (
        "部分服务暂不可用，`/health/ready` 会说明，请稍后再试 · "
        "A part of the product is away; `/health/ready` of the API says which. Try again in a moment."
    ),
}


def next_steps(code: str, status: int | None) -> tuple[str, ...]:
    """Lines to add to the refusal that name a command or a setting; none where its own words are enough."""
    step = _CASE if code in _CASE_CODES else _BY_CODE.get(code) or _BY_STATUS.get(status or 0)
    return (step,) if step else ()
