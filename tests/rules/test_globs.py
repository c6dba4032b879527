import fnmatch
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.rules.globs import (
    DEEPEST_GROUPS,
    LONGEST_PATTERN,
    Dialect,
    GlobError,
    accepts,
    accepts_everything,
    enter,
    names_to_enter,
    parse_glob,
    start_walk,
    without_globstars,
)

MATCHES = [
    ("a", "a"),
    ("a/b", "a/b"),
    ("./a//b/./", "a/b"),
    ("a/../b", "b"),
    ("a/*/../b", "a/b"),
    ("a/\\./b", "a/b"),
    ("a/\\.\\./b", "b"),
    ("*", "a"),
    ("a*c", "abc"),
    ("a*c", "ac"),
    ("*.js", "x.y.js"),
    ("?", "a"),
    ("a?c", "abc"),
    ("**", "a/b/c"),
    ("a/**", "a"),
    ("a/**", "a/b/c"),
    ("a/**/d", "a/d"),
    ("a/**/d", "a/b/c/d"),
    ("a/**/**/d", "a/d"),
    ("**/d", "d"),
    ("***", "a"),
    ("a**", "ab"),
    ("[ab]", "b"),
    ("[a-c]x", "bx"),
    ("[!ab]", "c"),
    ("[^ab]", "c"),
    ("[]a]", "]"),
    ("[a-]", "-"),
    ("[[:digit:]]", "7"),
    ("[![:alpha:]]", "7"),
    ("[\\]]", "]"),
    ("[a", "[a"),
    ("{a,b}", "b"),
    ("{a,b}/{c,d}", "a/d"),
    ("{a/b,c}", "a/b"),
    ("a{,b}", "a"),
    ("{1..3}", "2"),
    ("{01..10}", "09"),
    ("{a}", "{a}"),
    ("{a", "{a"),
    ("@(a|b)", "b"),
    ("?(a)b", "b"),
    ("?(a)b", "ab"),
    ("*(a|b)", "abba"),
    ("+(a|bc)", "abca"),
    ("a+(b)c", "abbbc"),
    ("!(a)", "b"),
    ("!(a)", "ab"),
    ("a!(b)c", "axc"),
    ("a!(b)", "a"),
    ("@(a|@(b|c))", "c"),
    ("@(a", "@(a"),
    ("(a|b)", "(a|b)"),
    ("\\*", "*"),
    ("\\a", "a"),
    (".a", ".a"),
    (".*", ".a"),
    ("é", "é"),
    ("a b", "a b"),
]
DIFFERENCES = [
    ("a", "b"),
    ("a", "a/b"),
    ("a/*", "a"),
    ("a/*", "a/b/c"),
    ("*", ".a"),
    ("?a", ".a"),
    ("[.]a", ".a"),
    ("!(a)", ".b"),
    ("!(a)", "a"),
    ("a!(b)c", "abc"),
    ("!(a)*", "ab"),
    ("**", ".a/b"),
    ("a/**", "a/.b"),
    ("[!a]", "a"),
    ("[b-a]", "a"),
    ("[b-a]", "b"),
    ("a+(b)c", "ac"),
    ("A", "a"),
    ("@(a|b)", "ab"),
    ("+(a)", ""),
    ("{a,b}", "{a,b}"),
]


@pytest.mark.parametrize(("pattern", "path"), MATCHES)
def test_matches(pattern: str, path: str) -> None:
    assert parse_glob(pattern).matches(path)


@pytest.mark.parametrize(("pattern", "path"), DIFFERENCES)
def test_does_not_match(pattern: str, path: str) -> None:
    assert not parse_glob(pattern).matches(path)


@pytest.mark.parametrize("pattern", ["*", "**", "?a", "[.]a", "!(b)"])
def test_lets_wildcards_match_a_leading_dot_where_asked(pattern: str) -> None:
    assert parse_glob(pattern).matches(".a", dots=True)


@pytest.mark.parametrize(
    ("dialect", "pattern", "path"),
    [
        (Dialect(backslash_escapes=False), "a\\b", "a/b"),
        (Dialect(bare_groups=True), "(a|b)", "b"),
        (Dialect(negation_matches_dots=True), "!(a)", ".b"),
        (Dialect(negation_matches_dots=True), "[!a]*", ".b"),
    ],
)
def test_a_dialect_matches_more(dialect: Dialect, pattern: str, path: str) -> None:
    assert parse_glob(pattern, dialect).matches(path)
    assert not parse_glob(pattern).matches(path)


def test_a_dialect_refuses_what_begins_with_what_is_negated() -> None:
    dialect = Dialect(negation_refuses_prefixes=True)

    assert parse_glob("!(foo)").matches("foobar")
    assert not parse_glob("!(foo)", dialect).matches("foobar")
    assert parse_glob("!(foo)", dialect).matches("bar")


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("/a", "absolute"),
        ("..", "leads out"),
        ("\\.\\./a", "leads out"),
        ("a/../../b", "leads out"),
        ("a\0b", "NUL"),
        ("a" * (LONGEST_PATTERN + 1), "longer than"),
        ("{a,b}" * 20, "more than 1000 patterns"),
        ("{1..1000000000}", "more than 1000 patterns"),
        ("{" * 900, "more than 1000 patterns"),
        ("@(" * (DEEPEST_GROUPS + 1), "nested more than"),
    ],
)
def test_refuses(pattern: str, reason: str) -> None:
    with pytest.raises(GlobError, match=reason):
        parse_glob(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "*a" * 100 + "b",
        "+(a|aa|aaa)" * 20 + "b",
        "+(+(+(+(+(a)))))b",
        "!(a)!(a)!(a)!(a)!(a)!(a)!(a)!(a)b",
        "*(*(*(a*)*)*)b",
        "@(@(@(@(@(@(@(@(" + "a" * 100,
    ],
)
def test_a_hostile_pattern_costs_no_more_than_a_moment(pattern: str) -> None:
    # A matcher that backtracks would not come back from this.
    assert not parse_glob(pattern).matches("a" * 255)


@pytest.mark.parametrize(
    ("pattern", "literal"),
    [("a/b/", "a/b"), ("./a", "a"), ("", ""), (".", ""), ("a\\*", "a*"), ("a/*", None)],
)
def test_knows_the_one_path_it_matches(pattern: str, literal: str | None) -> None:
    assert parse_glob(pattern).literal == literal


def test_two_alternatives_are_no_one_path() -> None:
    assert parse_glob("{a,b}").literal is None


@pytest.mark.parametrize(
    ("pattern", "wild"), [("*/a", True), ("**", True), ("{a,*}/b", True), ("a/*", False)]
)
def test_knows_whether_it_is_wild_from_the_root(pattern: str, wild: bool) -> None:
    assert parse_glob(pattern).wild_from_root is wild


def test_without_its_base_a_closing_globstar_needs_a_directory() -> None:
    plain, found = parse_glob("a/**"), parse_glob("*/**")

    assert not plain.without_base(if_plain=True).matches("a")
    assert plain.without_base(if_plain=True).matches("a/b")
    assert found.without_base(if_plain=True).matches("a")
    assert not found.without_base(if_plain=False).matches("a")
    assert parse_glob("a").without_base(if_plain=False).matches("a")


def test_with_what_is_below_a_plain_name_matches_all_of_it() -> None:
    assert parse_glob("**/a").with_below().matches("x/a/b/c")
    assert parse_glob("**/a").with_below().matches("x/a")
    assert not parse_glob("a/*").with_below().matches("a/b/c")


class TestWalk:
    def test_enters_only_where_something_can_still_match(self) -> None:
        state = start_walk([parse_glob("packages/*"), parse_glob("apps/web")])

        assert enter(state, "docs") == frozenset()
        assert not accepts(enter(state, "packages"))
        assert accepts(enter(enter(state, "packages"), "a"))
        assert enter(enter(enter(state, "packages"), "a"), "b") == frozenset()

    def test_names_what_there_is_to_enter_unless_it_may_be_anything(self) -> None:
        state = start_walk([parse_glob("packages/*"), parse_glob("apps/web")])

        assert names_to_enter(state) == frozenset({"packages", "apps"})
        assert names_to_enter(enter(state, "packages")) is None
        assert names_to_enter(enter(state, "apps")) == frozenset({"web"})
        assert names_to_enter(enter(enter(state, "apps"), "web")) == frozenset()

    def test_knows_when_everything_below_is_matched(self) -> None:
        state = start_walk([parse_glob("a/**")])

        assert not accepts_everything(state)
        assert accepts_everything(enter(state, "a"))

    def test_leaves_globstars_behind(self) -> None:
        state = enter(start_walk([parse_glob("**"), parse_glob("a/b")]), "a")

        left = without_globstars(state)

        assert accepts(left)
        assert names_to_enter(left) == frozenset({"b"})


@given(st.text())
def test_any_text_is_a_pattern_or_refused(pattern: str) -> None:
    try:
        glob = parse_glob(pattern)
    except GlobError:
        return
    assert glob.matches("a/b") in {True, False}


@given(st.text(alphabet="ab*?.", min_size=1), st.text(alphabet="ab.", min_size=1))
def test_a_segment_matches_as_in_a_shell(pattern: str, name: str) -> None:
    if pattern.strip(".") == "" or pattern == "**" or name.strip(".") == "":
        return

    matched = parse_glob(pattern).matches(name, dots=True)

    assert matched == fnmatch.fnmatchcase(name, pattern)


@given(
    st.lists(st.sampled_from(["a", "b", "*", "**", "{a,b}"]), max_size=5),
    st.lists(st.sampled_from("ab"), max_size=5),
)
def test_a_path_matches_when_some_choice_of_directories_for_each_globstar_does(
    segments: list[str], names: list[str]
) -> None:
    choices = [
        [["*"] * times for times in range(len(names) + 1)] if segment == "**" else [[segment]]
        for segment in segments
    ]
    plain = [[one for part in choice for one in part] for choice in product(*choices)]
    expected = any(
        len(choice) == len(names)
        and all(
            segment in {"*", "{a,b}", name} for segment, name in zip(choice, names, strict=True)
        )
        for choice in plain
    )

    assert parse_glob("/".join(segments) or ".").matches("/".join(names)) == expected


@given(st.text(alphabet="ab*?[]{}()!+@\\|,.é ", min_size=1))
def test_an_escaped_text_matches_itself_alone(text: str) -> None:
    escaped = "".join(f"\\{char}" for char in text)
    if text.strip(".") == "":
        return

    glob = parse_glob(escaped)

    assert glob.literal == text
    assert glob.matches(text)
    assert not glob.matches(text + "x")
