"""What a subject says of its commit's kind."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.rules.conventional import OTHER, TYPES, CommitType, parse_subject


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("feat: add x", ("feat", "", False)),
        ("feat(parser): add x", ("feat", "parser", False)),
        ("feat!: drop x", ("feat", "", True)),
        ("feat(parser)!: drop x", ("feat", "parser", True)),
        ("Fix: mend x", ("fix", "", False)),
        ("DOCS(Readme): mend", ("docs", "Readme", False)),
        ("fix(@acme/one): mend", ("fix", "@acme/one", False)),
        ("fix(deps, ci): mend", ("fix", "deps, ci", False)),
        ("fix( spaced ): mend", ("fix", "spaced", False)),
        ("fix(): mend", ("fix", "", False)),
        ("chore(ü|x): mend", ("chore", "ü|x", False)),
        ("release: v1.0.0", ("release", "", False)),
        ("deps: bump x", ("deps", "", False)),
        ("revert: feat: add x", ("revert", "", False)),
        ("fix:\tmend", ("fix", "", False)),
        # No type: git's own subjects, words that are none, and what only looks like one.
        ('Revert "feat: add x"', (OTHER, "", False)),
        ("Merge branch 'feat: x'", (OTHER, "", False)),
        ("Merge pull request #1 from a/b", (OTHER, "", False)),
        ("babel-core: mend x", (OTHER, "", False)),
        ("parser: mend x", (OTHER, "", False)),
        ("feature(x)!: mend", (OTHER, "", False)),
        ("fix mend: x", (OTHER, "", False)),
        ("fix (x): mend", (OTHER, "", False)),
        ("fix:mend", (OTHER, "", False)),
        ("fix:", (OTHER, "", False)),
        ("fix: ", (OTHER, "", False)),
        ("fix!!: x", (OTHER, "", False)),
        ("fix!(x): y", (OTHER, "", False)),
        ("fix((x)): y", (OTHER, "", False)),
        (" fix: x", (OTHER, "", False)),
        ("[fix] x", (OTHER, "", False)),
        ("ﬁx: x", (OTHER, "", False)),
        ("", (OTHER, "", False)),
    ],
)
def test_parse_subject(subject: str, expected: tuple[str, str, bool]) -> None:
    assert parse_subject(subject) == CommitType(*expected)


@given(st.text())
def test_every_subject_has_one_of_the_types(subject: str) -> None:
    assert parse_subject(subject).type in TYPES | {OTHER}


@given(
    word=st.sampled_from(sorted(TYPES)),
    scope=st.text(st.characters(exclude_characters="()"), max_size=9).map(str.strip),
    breaking=st.booleans(),
)
def test_what_is_written_is_read(word: str, scope: str, *, breaking: bool) -> None:
    subject = f"{word.title()}({scope}){'!' * breaking}: do it"

    assert parse_subject(subject) == (word, scope, breaking)


@pytest.mark.parametrize(
    "subject", ["a" * 10**6, "fix(" * 10**6, "fix(" + "x" * 10**6, "fix:" + " " * 10**6]
)
def test_long_subjects_are_read_at_once(subject: str) -> None:
    assert parse_subject(subject).type == OTHER
