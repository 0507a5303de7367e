"""一次性告知书: everything that is missing, told once. A pure text of the case's state."""

from collections.abc import Iterator, Mapping

from domain.case import CaseRecord
from domain.department import Department
from domain.letter_text import ONLINE_EN, ONLINE_ZH, day_en, day_zh, one_line
from domain.supplement import NeededMaterial, SupplementSnapshot


def supplement_letter(
    record: CaseRecord, notice: SupplementSnapshot, departments: Mapping[str, Department], legal_basis: str
) -> str:
    """The notice as it is handed to the requester, Chinese first."""
    own = [material for material in notice.materials if material.held_by is None]
    held = [material for material in notice.materials if material.held_by is not None]
    return "\n".join(
        [
            *_chinese(record, notice, departments, (own, held), legal_basis),
            "",
            "-" * 60,
            "",
            *_english(record, notice, own),
            "",
        ]
    )


def _chinese(
    record: CaseRecord,
    notice: SupplementSnapshot,
    departments: Mapping[str, Department],
    materials: tuple[list[NeededMaterial], list[NeededMaterial]],
    legal_basis: str,
) -> Iterator[str]:
    own, held = materials

    def name(code: str) -> str:
        return departments[code].name_zh if code in departments else code

    yield "补正材料一次性告知书"
    yield ""
    yield f"案件编号：{record.case_id}"
    yield f"反映人：{one_line(record.registration.requester.name)}"
    yield f"办理事项：{one_line(record.registration.item.name)}"
    yield f"告知日期：{day_zh(notice.issued_at)}"
    yield ""
    yield "一、需要您补充的材料（各部门要求已合并，只告知一次）"
    for number, material in enumerate(own, start=1):
        received = "（已收到）" if material.received_at else ""
        asked = "、".join(name(code) for code in material.asked_by)
        yield f"{number}. {one_line(material.name)}——{asked}{received}"
    if not own:
        yield "无。"
    if held:
        yield ""
        yield "二、由部门间调取、无需您提供的材料"
        for number, material in enumerate(held, start=1):
            yield f"{number}. {one_line(material.name)}——向{name(material.held_by or '')}调取"
    yield ""
    yield f"补正期限：{day_zh(notice.due_at) if notice.due_at else '另行通知'}前。补正期间各部门办理期限中止计算。"
    yield "可以到窗口递交、邮寄或者网上提交。逾期未补正的，由值班长依法处理并告知您。"
    yield ONLINE_ZH
    if legal_basis:
        yield f"依据：{one_line(legal_basis)}"


def _english(record: CaseRecord, notice: SupplementSnapshot, own: list[NeededMaterial]) -> Iterator[str]:
    yield "Notice of missing materials, told once"
    yield f"Case {record.case_id}. Please hand in until {day_en(notice.due_at) if notice.due_at else 'to be told'}:"
    for number, material in enumerate(own, start=1):
        yield f"{number}. {one_line(material.name)}"
    yield "At the window, by post or online. What is late is for the duty leader to decide, who tells you."
    yield ONLINE_EN
