"""What a broken rule wants, in Chinese, by the rule's name; never the submitted value."""

from collections.abc import Mapping
from typing import Any, Final

from domain.refusal_text import REFUSALS

_FORM: Final = {
    "missing": "此项必填",
    "extra-forbidden": "没有此项，请删除或核对名称",
    "none-required": "此项应留空",
    "string-type": "应为文字",
    "string-unicode": "文字编码有误，应为 UTF-8",
    "string-too-short": "至少 {min_length} 个字符",
    "string-too-long": "最多 {max_length} 个字符",
    "string-pattern-mismatch": "格式不符",
    "enum": "请从规定的代码中选择",
    "literal-error": "请从规定的代码中选择",
    "union-tag-invalid": "没有此代码，请从规定的代码中选择",
    "union-tag-not-found": "缺少区分种类的代码",
    "int-type": "应为整数",
    "int-parsing": "应为整数",
    "int-parsing-size": "数字过大",
    "int-from-float": "应为整数",
    "float-type": "应为数字",
    "float-parsing": "应为数字",
    "finite-number": "应为有限的数字",
    "greater-than": "应大于 {gt}",
    "greater-than-equal": "不得小于 {ge}",
    "less-than": "应小于 {lt}",
    "less-than-equal": "不得大于 {le}",
    "bool-type": "应为 true 或 false",
    "bool-parsing": "应为 true 或 false",
    "date-type": "应为日期，例如 2023-01-20",
    "date-parsing": "应为日期，例如 2023-01-20",
    "date-from-datetime-parsing": "应为日期，例如 2023-01-20",
    "date-from-datetime-inexact": "应为日期，不带时间",
    "time-type": "应为时间，例如 09:00",
    "time-parsing": "应为时间，例如 09:00",
    "datetime-type": "应为带时区的时间，例如 2023-03-15T10:00:00+08:00",
    "datetime-parsing": "应为带时区的时间，例如 2023-03-15T10:00:00+08:00",
    "datetime-object-invalid": "应为带时区的时间，例如 2023-03-15T10:00:00+08:00",
    "datetime-from-date-parsing": "应为带时区的时间，例如 2023-03-15T10:00:00+08:00",
    "timezone-aware": "时间缺少时区，例如 +08:00",
    "list-type": "应为列表",
    "tuple-type": "应为列表",
    "dict-type": "应为对象",
    "model-type": "应为对象",
    "model-attributes-type": "应为对象",
    "too-short": "至少 {min_length} 项",
    "too-long": "最多 {max_length} 项",
    "value-error": "不符合此项的规则",
    "assertion-error": "不符合此项的规则",
    "json-invalid": "内容不是规范的 JSON",
}
_OWN: Final = {
    "one-line": "应为一行，不含控制字符",
    "no-control-characters": "不得含有控制字符",
    "not-blank": "不得为空白",
    "limit-not-text": "期限应为文字，例如 5 working_days、end_of_business_today 或 2023-01-20",
    "limit-not-understood": "期限的写法例如 5 working_days、end_of_business_today 或 2023-01-20",
    "limit-date-unexpected": "只有固定日期的期限才写日期",
    "limit-date-missing": "固定日期的期限须写日期",
    "limit-amount-unexpected": "此类期限不写数量",
    "limit-amount-missing": "此类期限须写数量",
    "limit-not-positive": "期限至少为 1",
    "limit-beyond-horizon": "期限过长，超出可计算的范围",
    "date-not-text": "日期应为文字，例如 2023-01-20",
    "date-not-understood": "日期的写法例如 2023-01-20，不带时间",
    "moment-not-text": "时间应为文字，例如 2023-03-15T10:00:00+08:00",
    "network": "应为网段，例如 10.20.0.0/16",
    "network-too-wide": "应为部门自有网段，范围过大",
    "address-needed": "有系统的部门须填写地址",
    "known-category": "本区没有此类别，请核对类别代码",
    "known-department": "目录中没有此部门，请核对部门代码",
    "known-field": "案件没有此字段，请核对字段名称",
    "known-key": "没有此名称，请核对",
    "unique-key": "请求名称重复，请更换",
    "unique-code": "代码重复，请更换",
    "department-named": "请填写所派部门",
    "department-enabled": "该部门已停用，请改派其他部门",
    "no-department": "此类请求不派给部门，请删除部门",
    "party-named": "请填写由窗口联系的外部相关方",
    "role-fits-kind": "部门不能是外部相关方，请更换角色",
    "wait-has-length": "请填写法定期间的长度",
    "something-required": "至少一项必答的请求不能只是会商",
    "quorum-reachable": "法定人数须在 1 与必答请求数之间",
    "no-cycle": "这些请求互为前序，永远无法开始，请调整先后",
    "sensitive-stays-inside": "健康信息和身份证号只能提供给部门",
    "not-the-unit-complained-of": "不得派给被反映单位",
    "unit-fits-period": "法定期间不能用此单位计算",
    "no-sign-limit": "此类请求无须签收，请删除签收期限",
    "limit-after-start": "期限在请求开始前已届满，请放宽",
    "sign-before-reply": "签收期限不得晚于答复期限",
    "ladder": "催办阶梯与此期限不合，请调整期限",
    "resident-id": "身份证号有误，请核对",
    "uscc": "统一社会信用代码有误，请核对",
    "advice-required": "请写明解释了什么、到哪里办理",
    "refer-to-required": "请写明由谁负责",
    "complained-of-required": "请写明被反映单位",
    "only-when-supervised": "只有督办案件才填写被反映单位",
}
_POLICY: Final = {
    "rung-limit": "只有到期前或到期后的催办级才写时间",
    "rung-unit": "催办级的时间须写数量",
    "outage-bound": "最长中止时间的单位不对",
    "pause-order": "中止的结束不得早于开始",
    "clock-pauses-order": "各次中止应依次在计时开始之后",
    "extension-one-measure": "延期只写期限或日期之一",
    "notice-without-number": "放假通知须写文号",
    "notice-day-outside-year": "日期不属于该通知的年份",
    "notice-day-repeated": "同一日期重复出现",
    "notice-day-on-and-off": "同一日期不能既放假又上班",
    "notice-workday-not-weekend": "调休上班日应为周末",
    "notice-range": "假期的结束不得早于开始",
    "office-hours-with-zone": "办公时间为本地时间，不带时区",
    "office-hours-order": "上班时间应早于下班时间",
    "calendar-year-twice": "同一年份有两个通知",
}
RULES: Final[Mapping[str, str]] = {**_FORM, **_OWN, **_POLICY}
_OTHER: Final = "不符合要求，请核对"


def rule_text(rule: str, bounds: Mapping[str, Any] | None = None) -> str:
    """A rule that has a code of its own says what its refusal says. `bounds`: the numbers that the rule is about."""
    name = rule.replace("_", "-")
    found = RULES.get(name)
    if found is None:
        return REFUSALS[name].title if name in REFUSALS else _OTHER
    if "{" not in found:
        return found
    return found.format_map(bounds) if bounds else _OTHER
