from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.rules.identifiers import (
    FullIdentifier,
    InvalidIdentifier,
    parse_either,
    parse_full,
    parse_partial,
)

SEGMENT = st.from_regex(r"[a-zA-Z][a-zA-Z0-9_-]{0,6}", fullmatch=True)
PARTIAL = (
    st.lists(SEGMENT, min_size=1, max_size=4)
    .map(".".join)
    .filter(lambda text: 6 <= len(text) <= 32)
)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("example.package1", "example.package1"),
        ("Example.PACKAGE1", "example.package1"),
        ("author.package.variant", "author.package.variant"),
        ("single", "single"),
        ("a.b_c-d", "a.b_c-d"),
        ("a-_.b-_", "a-_.b-_"),
        ("a" * 32, "a" * 32),
    ],
)
def test_partial_identifiers_are_read_into_lower_case(text: str, canonical: str) -> None:
    assert parse_partial(text) == canonical


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "6 to 32 characters"),
        ("a.bcd", "6 to 32 characters, and this one 5"),
        ("a" * 33, "6 to 32 characters, and this one 33"),
        ("a" * 1_000_000, "6 to 32 characters"),
        ("xpkg/example.package1", "without a repository"),
        ("/example.package1", "without a repository"),
        ("1example.package", "segments"),
        ("example.1package", "segments"),
        ("example._package", "segments"),
        (".example", "segments"),
        ("example.", "segments"),
        ("example..package", "segments"),
        ("exam ple", "segments"),
        ("example\n", "segments"),
        ("example.päckage", "segments"),
        # Lower-cased, the Kelvin sign would pass for a plain k.
        ("example.pac\N{KELVIN SIGN}age", "segments"),
        ("example.package\N{ARABIC-INDIC DIGIT ONE}", "segments"),
    ],
)
def test_what_is_no_partial_identifier_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidIdentifier, match=reason):
        parse_partial(text)


@pytest.mark.parametrize("text", ["xpkg/example.package1", "XPKG/Example.Package1"])
def test_full_identifiers_are_read_into_lower_case(text: str) -> None:
    identifier = parse_full(text)
    assert identifier == FullIdentifier("xpkg", "example.package1")
    assert str(identifier) == "xpkg/example.package1"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("example.package1", "give the full identifier"),
        ("/example.package1", "3 to 8 letters"),
        ("xp/example.package1", "3 to 8 letters"),
        ("abcdefghi/example.package1", "3 to 8 letters"),
        ("xpkg1/example.package1", "3 to 8 letters"),
        ("xp g/example.package1", "3 to 8 letters"),
        ("xpkg/", "6 to 32 characters"),
        ("xpkg/xpkg/example.package1", "without a repository"),
        ("xpkg//example.package1", "without a repository"),
    ],
)
def test_what_is_no_full_identifier_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidIdentifier, match=reason):
        parse_full(text)


def test_a_dependency_may_be_named_in_either_form() -> None:
    assert parse_either("example.package2", "xpkg") == FullIdentifier("xpkg", "example.package2")
    assert parse_either("other/example.package3", "xpkg") == FullIdentifier(
        "other", "example.package3"
    )
    with pytest.raises(InvalidIdentifier):
        parse_either("a/b", "xpkg")


@given(PARTIAL)
def test_a_full_identifier_reads_back_as_it_is_written(partial: str) -> None:
    identifier = parse_full(f"xpkg/{partial}")
    assert identifier.partial == parse_partial(partial) == partial.lower()
    assert parse_full(str(identifier)) == identifier


@given(st.text())
def test_nothing_but_an_invalid_identifier_is_ever_raised(text: str) -> None:
    for parse in (parse_partial, parse_full):
        with suppress(InvalidIdentifier):
            assert str(parse(text)).isascii()
