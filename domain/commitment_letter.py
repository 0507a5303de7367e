"""承诺书: who promised what, by when, and what happens otherwise. A pure text of the case's state."""

from collections.abc import Iterator, Mapping
from typing import Final

from domain.case import CaseRecord
from domain.deferral import Channel, DeferralSnapshot, Instrument, MaterialSnapshot
from domain.department import Department
from domain.letter_text import ONLINE_EN, ONLINE_ZH, channels_en, channels_zh, day_en, day_zh, one_line
from domain.limit import Limit

_TITLES: Final = {
    Instrument.HOLD_UNTIL_COMPLETE: ("容缺受理承诺书", "Letter of commitment: accepted with materials to follow"),
    Instrument.ISSUE_THEN_VERIFY: ("告知承诺书", "Letter of commitment: issued on trust, verified afterwards"),
}


def commitment_letter(
    record: CaseRecord, deferral: DeferralSnapshot, departments: Mapping[str, Department], rectify: Limit
) -> str:
    """The letter to be signed, Chinese first. The deferral must be running: its materials have their dates."""
    return "\n".join(
        [
            *_chinese(record, deferral, departments, rectify),
            "",
            "-" * 60,
            "",
            *_english(record, deferral, departments, rectify),
            "",
        ]
    )


def _chinese(
    record: CaseRecord, deferral: DeferralSnapshot, departments: Mapping[str, Department], rectify: Limit
) -> Iterator[str]:
    requester = record.registration.requester
    yield _TITLES[deferral.instrument][0]
    yield ""
    yield f"案件编号：{record.case_id}"
    yield f"承诺人：{one_line(requester.name)}"
    if requester.uscc:
        yield f"统一社会信用代码：{requester.uscc}"
    if requester.agent:
        yield f"代理人：{one_line(requester.agent)}"
    yield f"办理事项：{one_line(record.registration.item.name)}"
    yield ""
    yield "一、承诺内容"
    yield one_line(deferral.commitment) or "承诺人知悉下列后补材料、期限和后果，保证按期提交真实、有效的材料。"
    yield ""
    yield "二、后补材料"
    for number, material in enumerate(deferral.materials, start=1):
        verifier = departments.get(material.verifier)
        yield f"{number}. {one_line(material.name)}（编号 {material.material_id}）"
        if material.form:
            yield f"   材料形式：{one_line(material.form)}"
        if material.holder:
            yield f"   出具或者保管单位：{one_line(material.holder)}"
        yield f"   最迟提交：{day_zh(material.due_at) if material.due_at else '另行通知'}"
        yield f"   提交方式：{channels_zh(material.channels)}"
        yield f"   核验部门：{verifier.name_zh if verifier else material.verifier}"
        if material.method:
            yield f"   核验方式：{one_line(material.method)}"
    if _online(deferral):
        yield ONLINE_ZH
    yield ""
    yield "三、未按期提交或者核验不通过的后果"
    if deferral.instrument is Instrument.HOLD_UNTIL_COMPLETE:
        yield "1. 办理结果在全部后补材料核验通过后发放。"
        yield "2. 逾期未提交或者核验不通过的，退回申请材料，视为撤回申请。"
    else:
        yield "1. 办理结果先行发放，后补材料事后核验。"
        yield f"2. 逾期未提交或者核验不通过的，责令限期改正（{rectify.text_zh()}）。"
        yield "3. 到期仍未改正的，由有权机关依法决定撤销已发放的结果，并依法记入信用记录。"
    yield "因不可抗力不能按期提交的，可以说明情况，经批准后延期，不作失信记录。"
    yield ""
    yield "承诺人（签名或者盖章）：____________________    日期：____________________"


def _english(
    record: CaseRecord, deferral: DeferralSnapshot, departments: Mapping[str, Department], rectify: Limit
) -> Iterator[str]:
    yield _TITLES[deferral.instrument][1]
    yield f"Case {record.case_id} · {one_line(record.registration.requester.name)}"
    yield "Materials to follow:"
    for number, material in enumerate(deferral.materials, start=1):
        verifier = departments.get(material.verifier)
        due = day_en(material.due_at) if material.due_at else "to be told"
        checked = verifier.name_en if verifier else material.verifier
        ways = channels_en(material.channels)
        told = [f"until {due}", ways, f"checked by {checked}"]
        told += [f"{what}: {one_line(said)}" for what, said in _said(material) if said]
        yield f"{number}. {one_line(material.name)}: {', '.join(told)}"
    if _online(deferral):
        yield ONLINE_EN
    if deferral.instrument is Instrument.HOLD_UNTIL_COMPLETE:
        yield "The result is given after everything is verified. Otherwise the file is returned and deemed withdrawn."
    else:
        yield f"The result is given at once. Otherwise: an order to rectify ({rectify.text_en()}), then a person may"
        yield "revoke the result on a legal ground, and the credit record says so. Force majeure leaves no mark."


def _said(material: MaterialSnapshot) -> tuple[tuple[str, str], ...]:
    return ("form", material.form), ("issued or kept by", material.holder), ("how", material.method)


def _online(deferral: DeferralSnapshot) -> bool:
    """Some material may be handed in online; no agreed channel means any."""
    return any(not one.channels or Channel.ONLINE in one.channels for one in deferral.materials)
