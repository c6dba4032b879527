from functools import cmp_to_key
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from registry.rules.semver import InvalidSemVer, SemVer, is_semver, sort_key

NUMBER = st.one_of(
    st.integers(0, 30), st.integers(0, 10**40), st.sampled_from([10**254 - 1, 10**254, 10**300])
).map(str)
WORD = st.from_regex(r"[0-9]{0,2}[a-zA-Z-][0-9a-zA-Z-]{0,3}", fullmatch=True)
PRERELEASE = st.lists(st.one_of(NUMBER, WORD), max_size=3).map(".".join)
BUILD = st.lists(st.from_regex(r"[0-9a-zA-Z-]{1,3}", fullmatch=True), max_size=2).map(".".join)
SEMVERS = st.builds(
    lambda core, prerelease, build: (
        ".".join(core) + (f"-{prerelease}" if prerelease else "") + (f"+{build}" if build else "")
    ),
    st.tuples(NUMBER, NUMBER, NUMBER),
    PRERELEASE,
    BUILD,
)


def compare(one: str, other: str) -> int:
    """Compare two versions the way point 11 of the specification says it, step by step."""
    (core, prerelease), (other_core, other_prerelease) = _split(one), _split(other)
    if core != other_core:
        return -1 if core < other_core else 1
    if not prerelease or not other_prerelease:
        return bool(other_prerelease) - bool(prerelease)
    for left, right in zip(prerelease, other_prerelease, strict=False):
        if left == right:
            continue
        if left.isdigit() and right.isdigit():
            return -1 if int(left) < int(right) else 1
        if left.isdigit() or right.isdigit():
            return -1 if left.isdigit() else 1
        return -1 if left < right else 1
    return len(prerelease) - len(other_prerelease)


def _split(text: str) -> tuple[list[int], list[str]]:
    core, _, prerelease = text.partition("+")[0].partition("-")
    return [int(number) for number in core.split(".")], prerelease.split(".") if prerelease else []


def sign(number: int) -> int:
    return (number > 0) - (number < 0)


@pytest.mark.parametrize(
    "text",
    [
        *("0.0.4", "1.2.3", "10.20.30", "1.1.2-prerelease+meta", "1.1.2+meta", "1.0.0-alpha"),
        *("1.0.0-alpha.beta.1", "1.0.0-alpha0.valid", "1.0.0-rc.1+build.1", "1.2.3----RC-SNAPSHOT"),
        *("1.0.0+0.build.1-rc.10000aaa-kk-0.1", "1.0.0-0A.is.legal", "1.2.3-0", "0.0.0--"),
        "99999999999999999999999.999999999999999999.99999999999999999",
        "9" * 5_000 + ".0.0",
    ],
)
def test_versions_of_the_specification_are_versions(text: str) -> None:
    assert is_semver(text)
    assert SemVer.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "latest", "1", "1.2", "v1.0", "v1.2.3", "=1.2.3", "1.2.3.4", " 1.2.3", "1.2.3\n"),
        *("01.1.1", "1.01.1", "1.1.01", "1.2.3-0123", "1.2.3-0123.0123", "1.1.2+.123", "1.2.3-"),
        *("1.2.3+", "1.2.3-a..b", "1.2.3-a.", "1.0.0-alpha_beta", "1.2.3-é", "+invalid", "-1.0.3"),
        *("1.2.3+a+b", "alpha.1", "1.2-SNAPSHOT", "1.2.3-\N{ARABIC-INDIC DIGIT ONE}", "1,2,3"),
        "\N{ARABIC-INDIC DIGIT ONE}.0.0",
        "1\N{ARABIC-INDIC DIGIT ONE}.0.0",
        "1.0.0-" + "1." * 100_000,
    ],
)
def test_what_the_specification_does_not_allow_is_no_version(text: str) -> None:
    assert not is_semver(text)
    with pytest.raises(InvalidSemVer, match=r"x\.y\.z"):
        SemVer.parse(text)


def test_a_version_is_read_into_its_parts() -> None:
    assert SemVer.parse("1.20.3-rc.1+b.7") == SemVer(("1", "20", "3"), ("rc", "1"), "b.7")


@pytest.mark.parametrize(
    "ordered",
    [
        # The examples of points 9 to 11, and what lies at the edges of the encoding.
        ["1.0.0", "2.0.0", "2.1.0", "2.1.1"],
        [
            *("1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta"),
            *("1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0"),
        ],
        ["1.9.0", "1.10.0", "1.11.0"],
        [
            "1.0.0-0",
            "1.0.0-0.0",
            "1.0.0-1",
            "1.0.0-10",
            "1.0.0--",
            "1.0.0-A",
            "1.0.0-a",
            "1.0.0-a-",
        ],
        ["1.0.0-beta", "1.0.0-beta.z", "1.0.0-beta-", "1.0.0-beta2"],
        [f"1{'0' * length}.0.0" for length in (0, 1, 9, 253, 254, 255, 256, 5_000)],
        [f"1.0.0-1{'0' * length}" for length in (0, 1, 9, 253, 254, 255, 256, 5_000)],
    ],
)
def test_keys_rise_with_precedence(ordered: list[str]) -> None:
    assert all(sort_key(low) < sort_key(high) for low, high in pairwise(ordered))


def test_what_is_no_version_sorts_before_all_that_is_and_by_text() -> None:
    texts = ["", "1.0", "01.0.0", "latest", "v1.0", "v2.0.0", "\ud800", "\N{PILE OF POO}"]
    assert sorted(texts, key=sort_key) == sorted(texts)
    assert all(sort_key(text) < sort_key("0.0.0-0") for text in texts)


def test_build_metadata_does_not_count_but_breaks_ties() -> None:
    assert SemVer.parse("1.0.0+a").precedence == SemVer.parse("1.0.0+b").precedence
    assert sort_key("1.0.0") < sort_key("1.0.0+a") < sort_key("1.0.0+b") < sort_key("1.0.1-0")
    assert sort_key("1.0.0-a+z") < sort_key("1.0.0-a.0")


@given(st.lists(SEMVERS, max_size=12))
@example(["1.0.0-a", "1.0.0", "1.0.0-a.1", "1.0.0-1"])
def test_sorting_by_key_is_sorting_by_precedence(versions: list[str]) -> None:
    by_key = sorted(versions, key=lambda text: SemVer.parse(text).precedence)
    assert by_key == sorted(versions, key=cmp_to_key(compare))


@given(SEMVERS, SEMVERS)
def test_precedence_agrees_with_a_plain_comparison(one: str, other: str) -> None:
    left, right = SemVer.parse(one).precedence, SemVer.parse(other).precedence
    assert (left > right) - (left < right) == sign(compare(one, other))


@given(st.one_of(st.text(), SEMVERS), st.one_of(st.text(), SEMVERS))
def test_different_texts_have_different_keys(one: str, other: str) -> None:
    assert (sort_key(one) == sort_key(other)) == (one == other)


@given(st.one_of(st.text(max_size=256), SEMVERS.filter(lambda text: len(text) <= 256)))
@example("\N{PILE OF POO}" * 256)
@example("0.0.0-" + "0." * 124 + "00a")
def test_the_key_of_a_short_text_fits_an_index(text: str) -> None:
    assert len(sort_key(text)) <= 1_025
