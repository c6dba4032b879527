import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.rules.selections import HIGHEST, LOWEST, InvalidSelection, Selection
from registry.rules.versions import RegistryVersion


def is_valid(text: str) -> bool:
    try:
        Selection.parse(text)
    except InvalidSelection:
        return False
    return True


# Few numbers, those at the edges among them, so that terms meet and overlap.
NUMBER = st.sampled_from(["0", "1", "2", "998", "999"])
NUMBERS = st.lists(NUMBER, min_size=1, max_size=3).filter(lambda parts: any(map(int, parts)))
PRERELEASE = st.sampled_from(["", "", "", "a1", "a2", "b1", "r999"])
WRITTEN = st.builds(lambda parts, prerelease: ".".join(parts) + prerelease, NUMBERS, PRERELEASE)
VERSIONS = st.builds(
    lambda parts, prerelease: RegistryVersion.parse(".".join(parts) + prerelease),
    NUMBERS,
    PRERELEASE,
)
TERMS = st.one_of(
    WRITTEN,
    st.builds("{}-{}".format, WRITTEN, WRITTEN),
    st.builds("{} - ".format, WRITTEN),
    st.builds(" -{}".format, WRITTEN),
    st.sampled_from(["*", "0.0.1-", "-999"]),
)
SELECTIONS = st.lists(TERMS.filter(is_valid), min_size=1, max_size=4).map(",".join)


def split(text: str) -> tuple[str, str]:
    """Part a version's numbers from its pre-release."""
    match = re.fullmatch(r"([0-9.]+)(.*)", text)
    assert match is not None
    return match[1], match[2]


def position(version: str) -> tuple[list[int], str, int]:
    """Tell where a full version stands, by a reading that shares nothing with the product."""
    core, prerelease = split(version)
    return [int(part) for part in core.split(".")], prerelease[:1] or "z", int(prerelease[1:] or 0)


def complete(text: str, number: str, prerelease: str) -> str:
    """Write out what a version leaves away."""
    core, written = split(text)
    return ".".join([*core.split("."), number, number][:3]) + (written or prerelease)


def term_covers(term: str, version: str) -> bool:
    """Read one term as section 4 of the contract words it."""
    if term == "*":
        return True
    low, hyphen, high = (side.strip() for side in term.partition("-"))
    if not hyphen:
        high = low
    low = complete(low, "0", "a1") if low else "0.0.1a1"
    high = complete(high, "0" if split(high)[1] else "999", "") if high else "999.999.999"
    return position(low) <= position(version) <= position(high)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        # The documents' and the contract's samples.
        ("*", "*"),
        ("1.2-", "1.2-"),
        ("41b3-222.3.0", "41b3-222.3.0"),
        ("27-30.999a41", "27-30.999a41"),
        ("1.0.0a1-5.999.999", "1-5"),
        # A version alone, and ranges that say no more than one.
        ("1.2.4", "1.2.4"),
        ("5.4", "5.4"),
        ("7", "7"),
        ("6.2.9b3", "6.2.9b3"),
        ("41.0.0b3", "41b3"),
        ("1.2.4a1", "1.2.4a1"),
        ("007", "7"),
        ("1.0.0", "1.0.0"),
        ("1.2.4a1-1.2.4", "1.2.4"),
        ("5.4.0-5.4.999", "5.4"),
        ("7-7", "7"),
        ("1.999-1.999", "1.999"),
        ("1.0.0a1-1.0.0a1", "1a1"),
        # Left: zeros and a1 come back. Right: 999 does, or zeros before a pre-release.
        ("2.2.5b5-2.2.5", "2.2.5b5-2.2.5"),
        ("5.4.3r999-5.4.3", "5.4.3r999-5.4.3"),
        ("1.0.0-2.0.0", "1-2.0.0"),
        ("1.0.0a2-2.0.0a2", "1a2-2a2"),
        ("1-1.0.0", "1.0.0"),
        ("5-5a3", "5-5a3"),
        ("1-5a1", "1-5a1"),
        # Completion must not be asked to bring back a version of zeros alone.
        ("-0.999.999", "-0.999"),
        ("-0.0.999", "-0.0.999"),
        ("0.1-0.999", "0.1-0.999"),
        ("0.0.1", "0.0.1"),
        ("0.0.1a1", "0.0.1a1"),
        ("-0.0.1a1", "0.0.1a1"),
        ("-0.0.1", "0.0.1"),
        ("0.1", "0.1"),
        # Open ends.
        ("4.2.1-", "4.2.1-"),
        ("-6.4.4", "-6.4.4"),
        ("9.2.2r8-", "9.2.2r8-"),
        ("-9.2.2r8", "-9.2.2r8"),
        ("0.0.1-5", "-5"),
        ("5-999", "5-"),
        ("5-999.999.999r999", "5-999.999.999r999"),
        ("999-", "999"),
        ("0.0.1a1-999.999.999", "*"),
        ("0.0.1-", "*"),
        ("-999", "*"),
        # Spaces, order, overlap.
        (" 1.2 - 1.4 ,  3 ", "1.2-1.4,3"),
        ("-3.1.2, 3.2.4, 5.6.2-5.8.1b4, 8.2-", "-3.1.2,3.2.4,5.6.2-5.8.1b4,8.2-"),
        ("8.2-,-3", "-3,8.2-"),
        ("5.0.2b4-9.2.1, 6.7.4-6.8.2", "5.0.2b4-9.2.1"),
        ("1-3,2-5", "1-5"),
        ("1-3,3.5-5", "1-5"),
        ("-5,3-", "*"),
        ("2,*,3", "*"),
        ("1.2.3,1.2.3", "1.2.3"),
        ("1.5,1", "1"),
        # Neighbours that do not overlap stay apart.
        ("2,1", "1,2"),
        ("1.2.3a1,1.2.3a2", "1.2.3a1,1.2.3a2"),
        ("-5,6-", "-5,6-"),
    ],
)
def test_the_canonical_form_says_no_more_than_it_must(text: str, canonical: str) -> None:
    assert Selection.parse(text).canonical == canonical
    assert Selection.parse(canonical) == Selection.parse(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is no version"),
        (" ", "is no version"),
        ("1,", "is no version"),
        (",1", "is no version"),
        ("1,,2", "is no version"),
        ("-", "one side at least"),
        ("1, - ", "one side at least"),
        ("1-2-3", "is no version"),
        ("1--2", "is no version"),
        ("1..2", "is no version"),
        ("1 2", "is no version"),
        ("1\t-2", "is no version"),
        ("1\n", "is no version"),
        ("*-5", "is no version"),
        ("*-", "is no version"),
        ("**", "is no version"),
        ("^1.2", "is no version"),
        ("1.2.x", "is no version"),
        ("0", "above 0"),
        ("0-5", "above 0"),
        ("-0", "above 0"),
        ("1000", "is no version"),
        ("2-1", "is empty: 2.0.0a1 comes after 1.999.999"),
        ("5-5.0.0a0", "starts at 1"),
        ("5.0.0b1-5.0.0a9", "is empty"),
        ("5.0.0-4.999", "is empty"),
        # What absorbs the rest does not excuse it.
        ("*,nonsense", "'nonsense'"),
        ("nonsense,*", "'nonsense'"),
        ("1," * 128 + "1", "at most 256 characters, and this one has 257"),
        ("1" * 1_000_000, "at most 256 characters"),
    ],
)
def test_what_is_no_selection_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidSelection, match=reason):
        Selection.parse(text)


def test_a_selection_may_have_256_characters() -> None:
    assert Selection.parse("1," * 127 + "11").canonical == "1,11"


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("1.2.4", ["1.2.4a1", "1.2.4r9", "1.2.4"], ["1.2.3", "1.2.5a1"]),
        ("5.4", ["5.4.0a1", "5.4.7", "5.4.999"], ["5.3.999", "5.5.0a1"]),
        ("7", ["7.0.0a1", "7.999.999"], ["6.999.999", "8.0.0a1"]),
        ("6.2.9b3", ["6.2.9b3"], ["6.2.9b2", "6.2.9b4", "6.2.9"]),
        ("41b3-222.3.0", ["41.0.0b3", "41", "222.3.0a1", "222.3.0"], ["41a9", "222.3.1a1"]),
        ("27-30.999a41", ["27a1", "30.999.0a41"], ["30.999.0a42", "30.999.0", "26.999.999"]),
        ("1.2-", ["1.2a1", "999.999.999"], ["1.1.999"]),
        ("-6.4.4", ["0.0.1a1", "6.4.4"], ["6.4.5a1"]),
        ("*", ["0.0.1a1", "999.999.999"], []),
    ],
)
def test_a_selection_contains_what_completes_its_terms(
    text: str, inside: list[str], outside: list[str]
) -> None:
    selection = Selection.parse(text)
    assert [v for v in inside if not selection.contains(RegistryVersion.parse(v))] == []
    assert [v for v in outside if selection.contains(RegistryVersion.parse(v))] == []


@given(SELECTIONS)
def test_the_canonical_form_is_the_canonical_form_of_itself(text: str) -> None:
    selection = Selection.parse(text)
    assert Selection.parse(selection.canonical) == selection
    assert len(selection.canonical) <= len(text)


@given(SELECTIONS, st.lists(VERSIONS, max_size=20))
def test_it_contains_what_one_of_its_terms_covers(
    text: str, versions: list[RegistryVersion]
) -> None:
    selection = Selection.parse(text)
    for version in [*versions, LOWEST, HIGHEST]:
        covered = any(term_covers(term.strip(), str(version)) for term in text.split(","))
        assert selection.contains(version) == covered


@given(SELECTIONS)
def test_ranges_rise_and_do_not_overlap(text: str) -> None:
    ranges = Selection.parse(text).ranges
    assert all(covered.lowest <= covered.highest for covered in ranges)
    assert all(left.highest < right.lowest for left, right in pairwise(ranges))


@given(st.text(alphabet="0129.abr-,* \n", max_size=20))
def test_nothing_but_an_invalid_selection_is_ever_raised(text: str) -> None:
    if is_valid(text):
        assert is_valid(Selection.parse(text).canonical)
