"""Every situation of the contract for departments that are asked, in the order in which they are played."""

from bootstrap.certification.asked import questions, requests_taken, trust
from bootstrap.certification.asked.heard import Speaker
from bootstrap.certification.asked.polled import Polled
from bootstrap.certification.asked.trial import Trial
from bootstrap.certification.asked.xml import Xml
from bootstrap.certification.finding import said
from bootstrap.certification.situation import Situation

_TAKES = ("normal",)
_ANSWERS = (*_TAKES, "answer")
_STAYS = (*_ANSWERS, "stable")

_BOTH: tuple[Situation[Trial[Speaker]], ...] = (
    Situation("normal", said("收下请求并给出回执", "takes a request in and names its receipt"),
              requests_taken.takes_a_request),
    Situation("pending", said("收下后立即可问", "knows a round before it is answered"),
              questions.is_pending_until_it_is_answered, _TAKES),
    Situation("answer", said("询问时按格式给出答复", "tells its answer, in form, when it is asked"),
              questions.answers_it, _TAKES),
    Situation("stable", said("最终答复不再变化", "a final answer stays the same"),
              questions.a_final_answer_stays, _ANSWERS),
    Situation("duplicate", said("重复请求只生效一次，回执不变", "a repetition has one effect and the same receipt"),
              requests_taken.a_repetition_has_one_effect, _STAYS),
    Situation("changed", said("同一键换内容，不生效", "other content under a known key changes nothing"),
              requests_taken.other_content_under_a_known_key_changes_nothing, _STAYS),
    Situation("reordered", said("后一轮可以先到", "a later round may come first"),
              requests_taken.later_rounds_may_come_first, _ANSWERS),
    Situation("late", said("过期的请求照常收下", "a request past its due instant is taken in"),
              requests_taken.a_request_past_its_due_instant_is_taken, _ANSWERS),
    Situation("unknown-field", said("忽略新版本的字段", "what a later version adds is passed over"),
              requests_taken.what_a_later_version_adds_is_passed_over, _TAKES),
    Situation("oversized", said("200 KB 的请求不致出错", "a request of 200 KB breaks nothing"),
              requests_taken.a_large_request_breaks_nothing, _TAKES),
    Situation("unknown-round", said("从未收到的轮次如实说没有", "an unknown round is said to be unknown"),
              questions.an_unknown_round_is_said_to_be_unknown, _TAKES),
    Situation("malformed", said("不合格的内容一律拒绝，不得 5xx", "what is no message is refused for good"),
              requests_taken.what_is_no_message_is_refused, (*_TAKES, "unknown-round")),
    Situation("wrong-token", said("令牌错误则拒绝，不留痕迹", "a wrong token is refused, nothing is kept"),
              trust.WRONG_TOKEN, (*_TAKES, "unknown-round")),
    Situation("no-token", said("没有令牌则拒绝", "no token is refused"), trust.NO_TOKEN, (*_TAKES, "unknown-round")),
    Situation("withdrawal", said("看得懂撤回，可以重复", "a withdrawal is understood, and may come twice"),
              questions.a_withdrawal_is_understood, _TAKES),
    Situation("together", said("同时问多轮，逐轮照实应答", "asked about many rounds it tells them apart"),
              questions.many_rounds_are_told_apart, (*_STAYS, "unknown-round")),
)  # fmt: skip
_AT_THE_END: tuple[Situation[Trial[Speaker]], ...] = (
    Situation("content-type", said("全程应答的内容类型正确", "every answer of the run had its content type"),
              trust.every_answer_had_its_content_type, _TAKES),
    Situation("in-time", said("全程应答均及时", "every answer of the run came in time"),
              trust.every_answer_came_in_time, _TAKES),
)  # fmt: skip

POLLED: tuple[Situation[Trial[Polled]], ...] = (
    *_BOTH,
    Situation("etag", said("给了 ETag 就要管用", "an ETag is honoured, if there is one"),
              questions.an_etag_is_honoured, (*_STAYS, "together")),
    *_AT_THE_END,
)  # fmt: skip
XML: tuple[Situation[Trial[Xml]], ...] = (
    *_BOTH,
    Situation("entities", said("拒绝 DTD 和实体", "document types and entities are refused"),
              trust.document_types_are_refused, (*_TAKES, "unknown-round")),
    *_AT_THE_END,
)  # fmt: skip
