"""Descriptions are shown as they are meant: lists and code, and nothing that anybody wrote becomes markup."""

from api.marked_text import blocks, inline


def test_paragraphs_lists_and_code() -> None:
    text = "One\nline.\n\n* first\n  goes on\n* `second` one\nafter"
    assert list(blocks(text)) == [
        "<p>One line.</p>",
        "<ul><li>first goes on</li><li><code>second</code> one</li></ul>",
        "<p>after</p>",
    ]


def test_markup_stays_text_inside_code_as_well() -> None:
    assert inline("<b> `<i>` & `open") == "&lt;b&gt; <code>&lt;i&gt;</code> &amp; `open"


def test_nothing_is_nothing() -> None:
    assert list(blocks("")) == []
