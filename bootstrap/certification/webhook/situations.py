"""Every situation of the contract for departments that call back, in the order in which they are played."""

from bootstrap.certification.finding import said
from bootstrap.certification.situation import Situation
from bootstrap.certification.webhook import callbacks, requests_taken, trust
from bootstrap.certification.webhook.trial import Trial

_TAKES = ("normal",)
_ANSWERS = ("normal", "answer")

SITUATIONS: tuple[Situation[Trial], ...] = (
    Situation("normal", said("收下签名请求并给出回执", "takes a signed request in and names its receipt"),
              requests_taken.takes_a_request),
    Situation("answer", said("在 reply_to 按格式签名答复", "answers at reply_to, signed and in form"),
              requests_taken.answers_it, _TAKES),
    Situation("duplicate", said("重复请求只生效一次，回执不变", "a repetition has one effect and the same receipt"),
              requests_taken.a_repetition_has_one_effect, _ANSWERS),
    Situation("changed", said("同一键换内容，不生效", "other content under a known key changes nothing"),
              requests_taken.other_content_under_a_known_key_changes_nothing, _ANSWERS),
    Situation("reordered", said("后一轮可以先到", "a later round may come first"),
              requests_taken.later_rounds_may_come_first, _ANSWERS),
    Situation("late", said("过期的请求照常收下", "a request past its due instant is taken in"),
              requests_taken.a_request_past_its_due_instant_is_taken, _ANSWERS),
    Situation("unknown-field", said("忽略新版本的字段", "fields of a later version are passed over"),
              requests_taken.unknown_fields_are_passed_over, _TAKES),
    Situation("rotation", said("两个签名中一个正确即可", "one right signature of two is enough"),
              requests_taken.one_right_signature_of_two_is_enough, _TAKES),
    Situation("oversized", said("200 KB 的请求不致出错", "a request of 200 KB breaks nothing"),
              requests_taken.a_large_request_breaks_nothing, _TAKES),
    Situation("malformed", said("非 JSON 一律拒绝，不得 5xx", "what is no JSON is refused for good"),
              requests_taken.what_is_no_json_is_refused, _TAKES),
    Situation("wrong-secret", said("签名错误则拒绝，不留痕迹", "a wrong signature is refused, nothing is kept"),
              trust.WRONG_SECRET, _TAKES),
    Situation("unsigned", said("没有签名则拒绝", "no signature is refused"), trust.NOT_SIGNED, _TAKES),
    Situation("tampered", said("内容被改则拒绝", "a changed body is refused"), trust.TAMPERED, _TAKES),
    Situation("stale", said("时间戳过旧则拒绝", "an old timestamp is refused"), trust.STALE, _TAKES),
    Situation("future", said("时间戳超前则拒绝", "a timestamp from the future is refused"),
              trust.FROM_THE_FUTURE, _TAKES),
    Situation("our-503", said("回调遇 503 原样重发", "a callback that got 503 comes again, unchanged"),
              callbacks.a_busy_door_is_tried_again, _ANSWERS),
    Situation("our-409", said("回调遇 409 不再发", "a callback that got 409 does not come again"),
              callbacks.a_final_no_is_final, _ANSWERS),
    Situation("withdrawal", said("看得懂撤回", "a withdrawal is understood"), trust.a_withdrawal_is_understood, _TAKES),
    Situation("callbacks", said("全程回调均合格", "every callback of the run was in order"),
              callbacks.every_callback_was_in_order, _TAKES),
    Situation("contradiction", said("没有一轮收到两个不同答复", "no round got two different answers"),
              callbacks.no_round_was_answered_twice_differently, _TAKES),
)  # fmt: skip
