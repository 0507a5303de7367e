"""One case on the screen: what is known, who was asked, what was promised, what two people decide."""

from itertools import zip_longest

from rich.console import Console

from bootstrap.api_client import Json
from cli import labels
from cli.screen import in_both, local, table
from domain.codes import CaseStage, Cause, Outcome, ReplyCode, RequestState, RoundEnd, TriageDecision
from domain.deferral import Channel, DeferralState, Instrument, MaterialState
from domain.joint_decision import DangerousAct
from domain.outage import OutageCause
from domain.person import PersonRole
from domain.plan import AskKind


def show_case(out: Console, case: Json) -> None:
    """`case`: as the API shows it."""
    out.print(table(f"{case['case_id']} {case['title']}", ["项目 Field", "内容 Value"], _facts_of(case)))
    coordination = case.get("coordination")
    if not coordination:
        return
    columns = [
        "请求 Ask",
        "对象 Whom",
        "状态 State",
        "签收 Signed",
        "到期 Due",
        "答复 Reply",
        "收到 Received",
        "按时 In time",
    ]
    out.print(table("请求 · Requests", columns, [_request(request) for request in coordination["requests"]]))
    _show_deferrals(out, coordination["deferrals"])
    if coordination["supplement"]:
        _show_supplement(out, coordination["supplement"])
    if waiting := [one for one in coordination["waits"] if one["clock"]["clock"]["stopped_at"] is None]:
        columns = ["编号 Id", "等待 Waits for", "由谁 Whom", "到期 Due"]
        out.print(table("待决定 · Waits", columns, [_wait(one) for one in waiting]))
    if coordination["proposals"]:
        columns = ["编号 Id", "事项 Act", "提请 Proposed", "理由 Reason", "依据 Basis", "复核 Second person"]
        out.print(table("两人决定 · Proposals", columns, [_proposal(one) for one in coordination["proposals"]]))


def _show_deferrals(out: Console, deferrals: list[Json]) -> None:
    columns = ["材料 Material", "名称 Name", "状态 State", "到期 Due", "提交 Came", "核验 Verifier"]
    for deferral in deferrals:
        key = str(deferral["request_id"]).partition(".")[2]
        title = f"容缺 · Promise of {key}: {labels.both(Instrument, deferral['instrument'])}"
        title += f", {labels.both(DeferralState, deferral['state'])}"
        out.print(table(title, columns, [_material(one) for one in deferral["materials"]]))
        rules = zip_longest(deferral["objections_zh"], deferral["objections"], fillvalue="")
        notes = [f"与规则不符 speaks against it: {in_both(zh, en)}" for zh, en in rules]
        if deferral["remote_check"]:
            notes.append(f"远程核验 · checked remotely: {deferral['remote_check']}")
        if deferral["override_reason"]:
            notes.append(f"值班长特批 · overridden: {deferral['override_reason']}")
        if deferral["rectify_by"]:
            notes.append(f"责令改正 · rectify by {local(deferral['rectify_by'], seconds=True)}")
        for note in notes:
            out.print(f"  {note}", markup=False, soft_wrap=True)


def _material(material: Json) -> list[str]:
    came = [
        f"{local(one['at'], seconds=True)} {labels.both(Channel, one['channel'])} {_result(one)}".strip()
        for one in material["submissions"]
    ]
    verified = f" {local(material['verified_at'], seconds=True)}" if material["verified_at"] else ""
    more = f" (延期 extended {material['extensions']}×)" if material["extensions"] else ""
    return [
        str(material["material_id"]).partition(".")[2],
        f"{material['name']} ({material['form']})" if material["form"] else material["name"],
        labels.both(MaterialState, material["state"]),
        local(material["due_at"], seconds=True) + more,
        "\n".join(came) or "–",
        material["verifier"] + verified,
    ]


def _show_supplement(out: Console, notice: Json) -> None:
    if notice["lapsed"]:
        state = "逾期未补 lapsed"
    elif notice["closed_at"]:
        state = f"已结束 closed {local(notice['closed_at'], seconds=True)}"
    else:
        state = f"到期 due {local(notice['due_at'], seconds=True)}"
    rows = [
        [
            one["name"],
            ", ".join(one["asked_by"]),
            one["held_by"] or "–",
            f"{local(one['received_at'], seconds=True)} {one['received_as']}".strip(),
        ]
        for one in notice["materials"]
    ]
    columns = ["材料 Material", "需要 Asked by", "已有 Held by", "收到 Received"]
    out.print(table(f"一次性告知 · Supplement: {state}", columns, rows))


def _wait(wait: Json) -> list[str]:
    due = local(wait["due_at"], seconds=True)
    deciders = ", ".join(labels.both(PersonRole, one) for one in wait["deciders"])
    return [str(wait["wait_id"]).partition(".")[2], in_both(wait["why_zh"], wait["why"]), deciders, due]


def _proposal(proposal: Json) -> list[str]:
    settled = {True: "同意 confirmed", False: "否决 turned down", None: "等待第二人 waits"}[proposal["confirmed"]]
    second = f"{settled} {proposal['settled_by']}" if proposal["settled_by"] else settled
    return [
        proposal["proposal_id"],
        f"{labels.both(DangerousAct, proposal['act'])} {_about(proposal)}".strip(),
        f"{proposal['proposed_by']} {local(proposal['proposed_at'], seconds=True)}",
        proposal["reason"],
        proposal["legal_basis"],
        second,
    ]


def _about(proposal: Json) -> str:
    return proposal["request_id"] or (labels.both(Outcome, proposal["outcome"]) if proposal["outcome"] else "")


def _result(submission: Json) -> str:
    """A department's own words, or the code of what it answered instead."""
    return labels.both(ReplyCode, submission["result"])


def _facts_of(case: Json) -> list[list[str]]:
    triage, contact, outcome = case.get("triage") or {}, case["first_contact"] or {}, case.get("outcome") or {}
    coordination = case.get("coordination") or {}
    rows = [
        ["反映人 Requester", case["requester"]["name"]],
        ["事项 Item", case["item"]["name"]],
        ["阶段 Stage", labels.both(CaseStage, case["stage"])],
        ["登记 Registered", f"{local(case['registered_at'])} · {case['registered_by']}"],
        ["先行联系 First contact", f"{local(contact.get('at'))} (到期 due {local(contact.get('due_at'))})"],
        ["研判 Triage", _triaged(triage)],
        ["启动 Launched", local(case["launched_at"])],
        ["结果 Outcome", labels.both(Outcome, outcome.get("outcome"))],
    ]
    if outcome:
        reason = in_both(outcome["reason_zh"], outcome["reason"])
        rows.append(["理由 Reason", f"{reason} ({outcome['decided_by']}, {local(outcome['decided_at'])})"])
    interim = coordination.get("interim_outcome")
    if interim and not outcome:
        rows.append(["暂时结果 Outcome so far", labels.both(Outcome, interim)])
    if decision := coordination.get("decision_needed"):
        rows.append(["待决定 Decision needed", in_both(coordination["decision_needed_zh"], decision)])
    rows += _lineage(case["lineage"])
    return rows


def _triaged(triage: Json) -> str:
    kinds = (labels.both(TriageDecision, triage.get("decision")), labels.both(Cause, triage.get("cause")))
    return " · ".join(kinds)


def _lineage(lineage: Json) -> list[list[str]]:
    links = (
        ("同一事实 Same facts as", lineage["same_facts_as"]),
        ("重办自 Reopened from", lineage["reopened_from"]),
        ("重办为 Reopened as", ", ".join(lineage["reopened_as"])),
    )
    return [[name, case_id] for name, case_id in links if case_id]


def _why(round_: Json) -> str:
    """What the state alone does not say: a system that is down, a department that was switched off."""
    outage = round_.get("outage")
    if round_.get("end") in _TOLD_ENDS:
        return f"\n{labels.both(RoundEnd, round_['end'])}"
    if outage and not outage["ended_at"]:
        cause = labels.both(OutageCause, outage["cause"])
        return f"\n系统中断 system down since {local(outage['since'])} ({cause})"
    return ""


_TOLD_ENDS = (RoundEnd.DEPARTMENT_DISABLED, RoundEnd.UNDELIVERABLE, RoundEnd.QUARANTINED)


def _request(request: Json) -> list[str]:
    round_ = request["rounds"][-1] if request["rounds"] else {}
    in_time = {True: "是 yes", False: "否 no", None: "–"}[round_.get("in_time")]
    return [
        request["key"],
        request["department"] or request["party"] or labels.both(AskKind, request["kind"]),
        labels.both(RequestState, request["state"]) + _why(round_),
        local(round_.get("signed_at"), seconds=True),
        local(round_.get("due_at"), seconds=True),
        labels.both(ReplyCode, round_.get("reply")),
        local(round_.get("received_at"), seconds=True),
        in_time,
    ]
