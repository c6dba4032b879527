"""What is to be said of a dependency, by what an npm registry has of it."""

import pytest

from registry.rules.outdated import Published, Verdict, judge_dependency

PUBLISHED = Published(
    latest="2.1.0",
    versions=["1.0.0", "1.1.0", "2.0.0", "2.1.0", "3.0.0-beta.1"],
    deprecated=frozenset({"1.1.0", "2.0.0"}),
    tags={"latest": "2.1.0", "next": "3.0.0-beta.1", "old": "1.1.0"},
)


@pytest.mark.parametrize(
    ("wanted", "outdated", "status"),
    [
        ("^2.0.0", False, "current"),
        ("*", False, "current"),
        (">=1", False, "current"),
        ("^1.0.0", True, "outdated"),
        ("3.0.0-beta.1", True, "outdated"),
        # Only deprecated versions would do.
        ("~1.1.0", True, "deprecated"),
        ("2.0.0", True, "deprecated"),
        # None would do.
        ("^4.0.0", True, "unsatisfied"),
        # A pre-release does only where the range names one.
        ("^3.0.0", True, "unsatisfied"),
        # Tags are never outdated: they move.
        ("latest", False, "current"),
        ("next", False, "current"),
        ("old", False, "deprecated"),
        ("none", False, "unsatisfied"),
    ],
)
def test_cases(wanted: str, outdated: bool, status: str) -> None:
    assert judge_dependency(wanted, PUBLISHED) == Verdict("2.1.0", outdated, status)


def test_a_package_that_the_registry_does_not_have() -> None:
    assert judge_dependency("^1.0.0", None) == Verdict("", False, "not_found")


def test_a_package_without_versions() -> None:
    assert judge_dependency("*", Published()) == Verdict("", False, "unsatisfied")
    assert judge_dependency("latest", Published()) == Verdict("", False, "unsatisfied")


def test_a_package_without_a_latest_is_not_outdated() -> None:
    verdict = judge_dependency("^1.0.0", Published(versions=["1.0.0"]))

    assert verdict == Verdict("", False, "current")
