"""What can forge a line of a log, or move a terminal's cursor, is written out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.rules.inert_text import make_inert


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("@acme/ünits 1.0 \N{PILE OF POO}", "@acme/ünits 1.0 \N{PILE OF POO}"),
        ("a\r\nINFO all is well", "a\\r\\nINFO all is well"),
        ("\x1b]0;owned\x07\x1b[31m", "\\x1b]0;owned\\x07\\x1b[31m"),
        ("\x9b31m\x7f\x00\t", "\\x9b31m\\x7f\\x00\\t"),
        ("\u202egnp.exe\u2066", "\\u202egnp.exe\\u2066"),
        ("a\u2028b\u2029c\x85d", "a\\u2028b\\u2029c\\x85d"),
    ],
)
def test_what_is_written_out(text: str, shown: str) -> None:
    assert make_inert(text) == shown


def test_lines_may_stay() -> None:
    assert make_inert("one\ntwo\r\n", keep_lines=True) == "one\ntwo\\r\n"


@given(st.text())
def test_there_is_one_line_and_nothing_left_to_do(text: str) -> None:
    inert = make_inert(text)

    assert inert.splitlines() in ([inert], [])
    assert make_inert(inert) == inert
