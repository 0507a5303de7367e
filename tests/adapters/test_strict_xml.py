"""XML from outside: what is dangerous is refused before it does anything, and by a named rule."""

import pytest

from adapters.strict_xml import MAX_DEPTH, MAX_ELEMENTS, MalformedXml, parse_xml

_LEVELS = "".join(
    f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
LAUGHS = f'<!DOCTYPE l [<!ENTITY a "ha">{_LEVELS}]><l>&i;</l>'
DANGEROUS = {
    "billion laughs": (LAUGHS, "document type"),
    "external entity": ('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "document type"),
    "external document type": ('<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd"><a/>', "document type"),
    "parameter entity": ('<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:1/"> %x;]><a/>', "document type"),
    "empty document type": ("<!DOCTYPE a><a/>", "document type"),
    "unknown entity": ("<a>&x;</a>", "not one complete"),
    "style sheet": ('<?xml-stylesheet href="http://127.0.0.1:1/"?><a/>', "processing instruction"),
    "too deep": ("<a>" * (MAX_DEPTH + 1), "nested deeper"),
    "too many": ("<a>" + "<b/>" * MAX_ELEMENTS + "</a>", "elements"),
    "cut off": ("<a><b></b>", "not one complete"),
    "two roots": ("<a/><a/>", "not one complete"),
    "nothing": ("", "not one complete"),
    "an attribute twice": ('<a b="1" b="2"/>', "not one complete"),
    "NUL": ("<a>\x00</a>", "not one complete"),
}


@pytest.mark.parametrize("case", list(DANGEROUS))
def test_dangerous_xml_is_refused(case: str) -> None:
    """Whatever was expanded or fetched first would not end within the time that a test has."""
    text, rule = DANGEROUS[case]
    with pytest.raises(MalformedXml, match=rule):
        parse_xml(text.encode())


@pytest.mark.parametrize("encoding", ["utf-16", "utf-7"])
def test_another_encoding_does_not_smuggle_anything_in(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'
    with pytest.raises(MalformedXml):
        parse_xml(text.encode(encoding))


def test_an_error_never_quotes_the_text() -> None:
    with pytest.raises(MalformedXml) as caught:
        parse_xml("<a>张三13800000000</b>".encode())
    assert "1380" not in str(caught.value)


def test_plain_xml_is_read_whole() -> None:
    root = parse_xml('<s:a xmlns:s="urn:x" s:k="1"><b>张三 &amp; <![CDATA[<李四>]]></b>\n<c/></s:a>'.encode())
    assert (root.namespace, root.name, root.attributes) == ("urn:x", "a", {"k": "1"})
    assert root.text_of("b") == "张三 & <李四>"
    assert root.text_of("c") == ""
    assert root.text_of("d") is None
