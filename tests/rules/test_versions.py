from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.rules.semver import sort_key
from registry.rules.versions import InvalidVersion, RegistryVersion, Stage

PART = st.integers(0, 999)
PRERELEASE = st.sampled_from([Stage.ALPHA, Stage.BETA, Stage.CANDIDATE])
VERSIONS = (
    st.tuples(PART, PART, PART)
    .filter(any)
    .flatmap(
        lambda parts: st.one_of(
            st.just(RegistryVersion(*parts)),
            st.builds(RegistryVersion, *map(st.just, parts), PRERELEASE, st.integers(1, 999)),
        )
    )
)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("1.4.3", "1.4.3"),
        ("41b3", "41.0.0b3"),
        ("30.999a41", "30.999.0a41"),
        ("222.3.0", "222.3.0"),
        ("7", "7.0.0"),
        ("0.1", "0.1.0"),
        ("0.0.1", "0.0.1"),
        ("9.2.0r4", "9.2.0r4"),
        ("007.010.000", "7.10.0"),
        ("1a01", "1.0.0a1"),
        ("999.999.999r999", "999.999.999r999"),
    ],
)
def test_versions_are_read_and_written_in_full(text: str, canonical: str) -> None:
    assert str(RegistryVersion.parse(text)) == canonical


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "write x"),
        ("1..2", "write x"),
        ("1.", "write x"),
        (".1", "write x"),
        ("1.2.", "write x"),
        ("1.2.a1", "write x"),
        ("1.2.3.4", "write x"),
        ("1000", "write x"),
        ("1.0001", "write x"),
        ("-1", "write x"),
        ("1.2.3a", "write x"),
        ("1.2.3c1", "write x"),
        ("1.2.3A1", "write x"),
        ("1.2.3a1b1", "write x"),
        ("1.2.3a1000", "write x"),
        ("1.2.3-a1", "write x"),
        ("v1.2.3", "write x"),
        ("a1", "write x"),
        (" 1", "write x"),
        ("1 ", "write x"),
        ("1\n", "write x"),
        ("\N{ARABIC-INDIC DIGIT ONE}", "write x"),
        ("0", "above 0"),
        ("0.0.0", "above 0"),
        ("0.0.0b3", "above 0"),
        ("1.2.3a0", "starts at 1"),
        ("1.2.3a000", "starts at 1"),
        ("0999.999.999a999", "at most 15 characters, and this one has 16"),
        ("1" * 1_000_000, "at most 15 characters"),
    ],
)
def test_what_is_no_version_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidVersion, match=reason):
        RegistryVersion.parse(text)


# From the lowest to the highest.
ORDERED = [
    *("0.0.1a1", "0.0.1", "0.0.2a1", "0.1.0", "4.1.5", "4.2.0a1", "4.2.0a2", "4.2.0a10"),
    *("4.2.0b1", "4.2.0b2", "4.2.0b3", "4.2.0r1", "4.2.0r2", "4.2.0", "4.2.1", "5.0.0"),
    *("10.0.0a1", "10.0.0", "999.999.999r999", "999.999.999"),
]


def test_a_prerelease_comes_before_its_release_and_after_the_release_before() -> None:
    versions = [RegistryVersion.parse(text) for text in ORDERED]
    assert all(low < high for low, high in pairwise(versions))
    assert all(low.sort_key() < high.sort_key() for low, high in pairwise(versions))


@given(VERSIONS)
def test_the_canonical_form_reads_back_as_the_same_version(version: RegistryVersion) -> None:
    assert RegistryVersion.parse(str(version)) == version


@given(VERSIONS, VERSIONS)
def test_sort_keys_order_as_versions_do(one: RegistryVersion, other: RegistryVersion) -> None:
    assert (one.sort_key() < other.sort_key()) == (one < other)
    assert (one.sort_key() == other.sort_key()) == (one == other)


def test_published_versions_and_versions_of_git_sort_together() -> None:
    keys = {
        "1.2.0-alpha": sort_key("1.2.0-alpha"),
        "1.2.0b3": RegistryVersion.parse("1.2.0b3").sort_key(),
        "1.2.0-rc.1": sort_key("1.2.0-rc.1"),
        "1.2.0": RegistryVersion.parse("1.2").sort_key(),
        "1.2.1": sort_key("1.2.1"),
        "1.10.0": RegistryVersion.parse("1.10").sort_key(),
    }
    assert sorted(keys, key=keys.__getitem__) == list(keys)
    assert RegistryVersion.parse("1.2.0b3").sort_key() == sort_key("1.2.0-b.3")
