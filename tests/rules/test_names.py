import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from registry.rules.names import InvalidName, clean_name, holds_word, name_key


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ada", "Ada"),
        ("  Ada  Lovelace ", "Ada  Lovelace"),
        ("e\u0301tude", "\u00e9tude"),
        ("מסוק", "מסוק"),
        ("x" * 10, "x" * 10),
    ],
)
def test_names_take_one_form(text: str, name: str) -> None:
    assert clean_name(text, shortest=3, longest=20) == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "ab",
        "x" * 21,
        "a\0bc",
        "two\nlines",
        "back\u202ewards",
        "un\u200bseen",
        "lone \ud800",
        "private \ue000",
    ],
)
def test_what_is_no_name(text: str) -> None:
    with pytest.raises(InvalidName):
        clean_name(text, shortest=3, longest=20)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada", "aDA"),
        ("STRASSE", "Straße"),
        ("\uff21da", "Ada"),
        ("e\u0301", "\u00c9"),
        (" a ", "A"),
    ],
)
def test_the_same_name(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@example("\N{DIAERESIS}")
@given(st.text())
def test_a_key_is_its_own_key(text: str) -> None:
    assert name_key(name_key(text)) == name_key(text)


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("a bad thing", True),
        ("BAD!", True),
        ("(bad)", True),
        ("\uff42ad", True),
        ("badly", False),
        ("a b a d", False),
        ("", False),
    ],
)
def test_a_word_is_found_whole(text: str, held: bool) -> None:
    assert holds_word(text, ["Bad", "worse"]) is held
    assert not holds_word(text, [])
