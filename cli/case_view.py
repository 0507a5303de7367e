"""One case on the screen: what is known, who was asked, what was promised, what two people decide."""

from rich.console import Console

from bootstrap.api_client import Json
from cli import labels
from cli.screen import local, table


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
        title = f"容缺 · Promise of {key}: {labels.both(deferral['instrument'])}, {labels.both(deferral['state'])}"
        out.print(table(title, columns, [_material(one) for one in deferral["materials"]]))
        notes = [f"与规则不符 · speaks against it: {rule}" for rule in deferral["objections"]]
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
        f"{local(one['at'], seconds=True)} {one['channel']} {one['result']}".strip() for one in material["submissions"]
    ]
    verified = f" {local(material['verified_at'], seconds=True)}" if material["verified_at"] else ""
    more = f" (延期 extended {material['extensions']}×)" if material["extensions"] else ""
    return [
        str(material["material_id"]).partition(".")[2],
        f"{material['name']} ({material['form']})" if material["form"] else material["name"],
        labels.both(material["state"]),
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
    return [str(wait["wait_id"]).partition(".")[2], wait["why"], ", ".join(wait["deciders"]), due]


def _proposal(proposal: Json) -> list[str]:
    settled = {True: "同意 confirmed", False: "否决 turned down", None: "等待第二人 waits"}[proposal["confirmed"]]
    second = f"{settled} {proposal['settled_by']}" if proposal["settled_by"] else settled
    return [
        proposal["proposal_id"],
        f"{proposal['act']} {proposal['request_id'] or proposal['outcome'] or ''}".strip(),
        f"{proposal['proposed_by']} {local(proposal['proposed_at'], seconds=True)}",
        proposal["reason"],
        proposal["legal_basis"],
        second,
    ]


def _facts_of(case: Json) -> list[list[str]]:
    triage, contact, outcome = case.get("triage") or {}, case["first_contact"] or {}, case.get("outcome") or {}
    decision = (case.get("coordination") or {}).get("decision_needed")
    rows = [
        ["反映人 Requester", case["requester"]["name"]],
        ["事项 Item", case["item"]["name"]],
        ["阶段 Stage", labels.both(case["stage"])],
        ["登记 Registered", f"{local(case['registered_at'])} · {case['registered_by']}"],
        ["先行联系 First contact", f"{local(contact.get('at'))} (到期 due {local(contact.get('due_at'))})"],
        ["研判 Triage", f"{triage.get('decision', '–')} · {labels.both(triage.get('cause'))}"],
        ["启动 Launched", local(case["launched_at"])],
        ["结果 Outcome", labels.both(outcome.get("outcome"))],
    ]
    if outcome:
        rows.append(["理由 Reason", f"{outcome['reason']} ({outcome['decided_by']}, {local(outcome['decided_at'])})"])
    interim = (case.get("coordination") or {}).get("interim_outcome")
    if interim and not outcome:
        rows.append(["暂时结果 Outcome so far", labels.both(interim)])
    if decision:
        rows.append(["待决定 Decision needed", decision])
    rows += _lineage(case["lineage"])
    return rows


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
    if round_.get("end") == "DEPARTMENT_DISABLED":
        return "\n部门已停用 department disabled"
    if outage and not outage["ended_at"]:
        return f"\n系统中断 system down since {local(outage['since'])} ({outage['cause']})"
    return ""


def _request(request: Json) -> list[str]:
    round_ = request["rounds"][-1] if request["rounds"] else {}
    in_time = {True: "是 yes", False: "否 no", None: "–"}[round_.get("in_time")]
    return [
        request["key"],
        request["department"] or request["party"] or request["kind"],
        labels.both(request["state"]) + _why(round_),
        local(round_.get("signed_at"), seconds=True),
        local(round_.get("due_at"), seconds=True),
        labels.reply(round_.get("reply")),
        local(round_.get("received_at"), seconds=True),
        in_time,
    ]
