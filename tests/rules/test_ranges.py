import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.rules.ranges import parse_range, satisfies

# What npm's own `semver` 7.8.6 said of random versions and ranges, and of ranges that real
# workspaces hold: [version, range, whether it satisfies].
ANSWERS: list[tuple[str, str, bool]] = json.loads(
    Path(__file__).with_name("npm_semver_answers.json").read_text(encoding="utf-8")
)


def test_answers_are_those_of_npm() -> None:
    wrong = [answer for answer in ANSWERS if satisfies(answer[0], answer[1]) != answer[2]]
    assert wrong == []


@pytest.mark.parametrize(
    ("wanted", "inside", "outside"),
    [
        # The forms that the documentation of npm's `semver` lists.
        ("1.2.7 || >=1.2.9 <2.0.0", ["1.2.7", "1.2.9", "1.4.6"], ["1.2.8", "2.0.0"]),
        ("=1.2.3", ["1.2.3", "1.2.3+build"], ["1.2.4", "1.2.3-a"]),
        ("v1.2.3", ["1.2.3", "v1.2.3", " 1.2.3 "], ["1.2.4"]),
        ("1.2.3 - 2.3.4", ["1.2.3", "2.3.4"], ["1.2.2", "2.3.5"]),
        ("1.2 - 2.3.4", ["1.2.0", "2.3.4"], ["1.1.9", "2.3.5"]),
        ("1.2.3 - 2.3", ["1.2.3", "2.3.99"], ["2.4.0", "2.4.0-0"]),
        ("1.2.3 - 2", ["2.99.0"], ["3.0.0", "3.0.0-0"]),
        ("* - 2", ["0.0.0", "2.9.9"], ["3.0.0"]),
        ("1 - *", ["1.0.0", "99.0.0"], ["0.9.9"]),
        ("", ["0.0.0", "9.9.9"], ["1.0.0-a"]),
        ("*", ["0.0.0", "9.9.9"], ["1.0.0-a"]),
        ("||", ["0.0.0", "9.9.9"], ["1.0.0-a"]),
        ("1.x", ["1.0.0", "1.99.0"], ["0.9.9", "2.0.0", "1.0.0-a"]),
        ("1.2.x", ["1.2.0", "1.2.99"], ["1.3.0"]),
        ("1.2.*", ["1.2.0", "1.2.99"], ["1.3.0"]),
        ("1.X.X", ["1.0.0"], ["2.0.0"]),
        ("1", ["1.0.0", "1.99.0"], ["2.0.0"]),
        ("~1.2.3", ["1.2.3", "1.2.9"], ["1.2.2", "1.3.0"]),
        ("~1.2", ["1.2.0", "1.2.9"], ["1.3.0"]),
        ("~1", ["1.0.0", "1.9.9"], ["2.0.0"]),
        ("~> 0.2", ["0.2.0", "0.2.9"], ["0.3.0"]),
        ("~1.2.3-beta.2", ["1.2.3-beta.2", "1.2.3-beta.4", "1.2.9"], ["1.2.4-beta.2"]),
        ("^1.2.3", ["1.2.3", "1.9.9"], ["1.2.2", "2.0.0", "2.0.0-a", "1.3.0-a"]),
        ("^0.2.3", ["0.2.3", "0.2.9"], ["0.3.0"]),
        ("^0.0.3", ["0.0.3"], ["0.0.4", "0.0.2"]),
        ("^1.2.3-beta.2", ["1.2.3-beta.2", "1.2.3-beta.4", "1.3.0"], ["1.2.4-beta.2", "2.0.0"]),
        ("^0.0.3-beta", ["0.0.3-beta", "0.0.3-pr.2", "0.0.3"], ["0.0.4"]),
        ("^1.2.x", ["1.2.0", "1.9.9"], ["1.1.9", "2.0.0"]),
        ("^0.0.x", ["0.0.0", "0.0.9"], ["0.1.0"]),
        ("^0.0", ["0.0.9"], ["0.1.0"]),
        ("^0.x", ["0.0.0", "0.9.9"], ["1.0.0"]),
        ("^0", ["0.9.9"], ["1.0.0"]),
        ("^*", ["7.0.0"], []),
        ("> 1", ["2.0.0"], ["1.9.9"]),
        (">1.2", ["1.3.0"], ["1.2.9"]),
        (">=1.2", ["1.2.0"], ["1.1.9"]),
        ("<2.1", ["2.0.9"], ["2.1.0", "2.1.0-a"]),
        ("<=2.1", ["2.1.9"], ["2.2.0"]),
        ("<=2", ["2.9.9"], ["3.0.0"]),
        (">*", [], ["0.0.0", "1.0.0", "0.0.0-0"]),
        ("<*", [], ["0.0.0", "1.0.0", "0.0.0-0"]),
        (">=*", ["0.0.0"], []),
        # Pre-releases count only where the range names one of the same x.y.z.
        (">1.2.3-alpha.3", ["1.2.3-alpha.7", "3.4.5"], ["1.2.3-alpha.3", "3.4.5-alpha.9"]),
        (">=1.2.3-rc.1 <1.2.4", ["1.2.3-rc.2", "1.2.3"], ["1.2.4-rc.1", "1.2.4"]),
        ("<1.0.0-rc.2", ["0.9.0", "1.0.0-rc.1"], ["1.0.0-rc.2", "0.9.0-a"]),
        (">=0.0.0 || 1.2.3-a", ["1.2.3"], ["1.2.3-a"]),
        ("* || 1.2.3-a", ["1.2.3"], ["1.2.3-a"]),
        ("1.2.3-a || 2", ["1.2.3-a", "2.0.0"], ["1.2.3"]),
        # What people write.
        (">= 1.2.3   <  2", ["1.2.3", "1.9.9"], ["2.0.0"]),
        ("^1||^2", ["1.5.0", "2.5.0"], ["3.0.0"]),
        ("^1.2.3+build", ["1.2.3", "1.9.9+other"], ["2.0.0"]),
        ("\t^1.0.0\n", ["1.0.0"], ["2.0.0"]),
    ],
)
def test_a_range_holds_what_npm_documents(
    wanted: str, inside: list[str], outside: list[str]
) -> None:
    assert parse_range(wanted) is not None
    assert [version for version in inside if not satisfies(version, wanted)] == []
    assert [version for version in outside if satisfies(version, wanted)] == []


@pytest.mark.parametrize(
    "text",
    [
        *("latest", "next", "workspace:*", "^", "~", ">", "1.2.3.4", "01.2.3", "1.2.3-", "^latest"),
        *("1.x.2", "*.1", "==1.2.3", "^1 || latest", "1.2.3beta", "- 2", "1 -", "1 - 2 3", "^ ^1"),
        *(
            "1,2",
            "1.2.3-01",
            "é",
            "\ud800",
            "\N{ARABIC-INDIC DIGIT ONE}",
            "1\x00",
            ">=1.2.3 latest",
        ),
        "99999999999999999.0.0",
    ],
)
def test_what_is_no_range_holds_nothing(text: str) -> None:
    assert parse_range(text) is None
    assert not satisfies("1.0.0", text)


@pytest.mark.parametrize(
    "version", ["", "latest", "1", "1.2", "01.0.0", "1.0.0.0", "\ud800", "vv1.0.0"]
)
def test_what_is_no_version_is_in_no_range(version: str) -> None:
    assert not satisfies(version, "*")


@pytest.mark.parametrize(
    "text",
    [
        "1" + " " * 200_000 + "!",
        "-" + " " * 200_000 + "a",
        "=" * 200_000 + "!",
        "v" * 200_000 + "!",
        "^ " * 100_000 + "!",
        "1." * 100_000 + "!",
        "1.2.3-" + "1." * 100_000 + "!",
        "1.2.3-" + "1" * 200_000 + "!",
        "+" + "a." * 100_000,
        "1 - " * 50_000 + "!",
    ],
)
def test_long_nonsense_is_refused_without_getting_stuck(text: str) -> None:
    assert parse_range(text) is None


@given(st.text(), st.text(alphabet="0123456789.xX*-+^~<>=v| \ta"))
def test_nothing_is_ever_raised(version: str, wanted: str) -> None:
    assert satisfies(version, wanted) in (True, False)
    assert satisfies("1.2.3", version) in (True, False)


@given(st.tuples(*[st.integers(0, 20)] * 3), st.tuples(*[st.integers(0, 20)] * 3))
def test_caret_and_tilde_hold_at_least_and_compatible(
    one: tuple[int, int, int], other: tuple[int, int, int]
) -> None:
    wanted, version = (".".join(map(str, numbers)) for numbers in (one, other))
    zeros = next((i for i, number in enumerate(one) if number), 2)
    compatible = other[: zeros + 1] == one[: zeros + 1]
    assert satisfies(version, f"^{wanted}") == (other >= one and compatible)
    assert satisfies(version, f"~{wanted}") == (other >= one and other[:2] == one[:2])
