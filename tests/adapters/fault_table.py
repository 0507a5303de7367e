"""Single faults of a department's system, as a table: what it says, and how that is classified.

`test_department_faults.py` asks the adapters of all techniques, `tests/server/test_delivery_faults.py` plays every row
through a running case: what it does to the clocks, and what stays on record.
"""

from tests.adapters import faulty_server as faulty

SECRET_TEXT = b"Zhang San 310000199001010010"
PLANTED = b'{"receipt": "' + SECRET_TEXT

FAULTS = {
    "redirect to an internal address": (faulty.http("302 Found", {"location": "http://169.254.169.254/"}), "redirect"),
    "silence": (faulty.silence, "timeout"),
    "one byte now and then": (faulty.one_byte_now_and_then, "timeout"),
    "HTML with 200": (faulty.http("200 OK", {"content-type": "text/html"}, b"<html>" + SECRET_TEXT), "content-type"),
    "JSON called text": (faulty.http("200 OK", {"content-type": "text/plain"}, b'{"receipt":"1"}'), "content-type"),
    "no content type": (faulty.http("200 OK", {}, b'{"receipt":"1"}'), "content-type"),
    "empty 200": (faulty.json_reply(b""), "empty"),
    "204": (faulty.http("204 No Content", {}), "empty"),
    "JSON cut off by the sender": (faulty.json_reply(PLANTED), "malformed-json"),
    "JSON cut off by the line": (
        faulty.http("200 OK", {"content-type": "application/json"}, PLANTED, length=500),
        "connection-lost",
    ),
    "NaN": (faulty.json_reply(b'{"receipt": NaN}'), "malformed-json"),
    "a key twice": (faulty.json_reply(b'{"receipt": "1", "receipt": "2"}'), "malformed-json"),
    "a list": (faulty.json_reply(b"[]"), "not-understood"),
    "no receipt": (faulty.json_reply(b"{}"), "not-understood"),
    "receipt of the wrong type": (faulty.json_reply(b'{"receipt": 1}'), "not-understood"),
    "receipt with a line break": (faulty.json_reply(b'{"receipt": "a\\r\\nb"}'), "not-understood"),
    "receipt without end": (faulty.json_reply(b'{"receipt": "' + b"9" * 201 + b'"}'), "not-understood"),
    "gzip bomb": (faulty.gzipped(b" " * 50_000_000), "too-large"),
    "damaged gzip": (
        faulty.http("200 OK", {"content-type": "application/json", "content-encoding": "gzip"}, b"no gzip"),
        "encoding",
    ),
    "unknown compression": (faulty.json_reply(b'{"receipt":"1"}', **{"content-encoding": "br"}), "encoding"),
    "a hundred megabytes": (faulty.endless, "too-large"),
    "reset": (faulty.reset, "connection-lost"),
    "no HTTP at all": (faulty.garbage, "connection-lost"),
    "408": (faulty.json_reply(b"{}", "408 Request Timeout"), "http-408"),
    "409 without a receipt": (faulty.json_reply(b"{}", "409 Conflict"), "not-understood"),
    "425": (faulty.json_reply(b"{}", "425 Too Early"), "http-425"),
    "429": (faulty.json_reply(b"{}", "429 Too Many Requests"), "http-429"),
    "500": (faulty.json_reply(SECRET_TEXT, "500 Internal Server Error"), "http-500"),
    "503": (faulty.json_reply(SECRET_TEXT, "503 Service Unavailable"), "http-503"),
    "504": (faulty.json_reply(b"", "504 Gateway Timeout"), "http-504"),
}
REFUSALS = ["400 Bad Request", "401 Unauthorized", "403 Forbidden", "404 Not Found", "413 Too Large", "422 Wrong"]

POLLS = {
    "pending": (faulty.json_reply(b'{"status":"pending"}'), None),
    "unknown status": (faulty.json_reply(b'{"status":"maybe"}'), "not-understood"),
    "answered without a reply": (faulty.json_reply(b'{"status":"answered"}'), "not-understood"),
    "HTML": (faulty.http("200 OK", {"content-type": "text/html"}, b"<html>"), "content-type"),
    "token replaced": (faulty.json_reply(b"{}", "401 Unauthorized"), "http-401"),
    "forgotten": (faulty.json_reply(b"{}", "404 Not Found"), "http-404"),
    "NUL in a text": (faulty.json_reply(b'{"status":"answered","reply":"\\u0000"}'), "malformed-json"),
}

SPOILT_ANSWERS = {
    "an answer of no known kind": (faulty.json_reply(b'{"status":"answered","reply":{"code":"MAYBE"}}'), "code"),
    "an answer without its legal basis": (
        faulty.json_reply('{"status":"answered","reply":{"code":"REFUSED","reason":"不符","remedy":"复议"}}'.encode()),
        "legal_basis",
    ),
    "gone for good": (faulty.json_reply(b"{}", "410 Gone"), "http-410"),
}
"""Polled, and nothing that asking again could mend: a person reads it. With a part of the reason that is given."""
