"""What can be told wrong of packages and their dependencies by comparing them."""

from typing import Any

import pytest

from registry.rules.findings import (
    LONGEST_SHARED_CYCLE,
    MOST_SHARED_CYCLES,
    DependencyFacts,
    Finding,
    PackageFacts,
    find_issues,
)
from registry.rules.issue_codes import ISSUE_KINDS, IssueCode


def package(name: str, version: str = "1.0.0", **facts: bool) -> PackageFacts:
    return PackageFacts(
        name,
        version,
        facts.get("private", False),
        facts.get("licensed", True),
        facts.get("located", True),
    )


def member(source: str, target: str, kind: str = "dependency", **facts: Any) -> DependencyFacts:
    """Make a dependency that resolves to a member."""
    range_ = facts.get("range", "workspace:*")
    outdated = facts.get("outdated", False)
    return DependencyFacts(source, kind, target, range_, "workspace", target, outdated, "", "")


def external(source: str, name: str, range_: str, kind: str = "dependency") -> DependencyFacts:
    """Make a dependency that a registry is asked for."""
    return DependencyFacts(source, kind, name, range_, "registry", "", False, name, range_)


def told(findings: list[Finding]) -> list[tuple[str, str, str]]:
    for finding in findings:
        kind = ISSUE_KINDS[finding.code]
        assert finding.severity in kind.severities
        assert tuple(finding.evidence) == kind.evidence
    return [(each.package, each.code.value, each.severity.value) for each in findings]


def test_nothing_wrong() -> None:
    packages = [package("a"), package("b")]

    assert find_issues(packages, [member("a", "b"), external("a", "vue", "^3.0.0")]) == []


def test_what_a_package_to_publish_must_say() -> None:
    packages = [
        package("a", licensed=False, located=False),
        package("b", licensed=False, located=False, private=True),
        package("c", "", licensed=False, located=False),
    ]

    assert told(find_issues(packages, [])) == [
        ("a", "license_missing", "warning"),
        ("a", "repository_missing", "info"),
    ]


def test_a_cycle_is_told_at_each_package_on_it_in_full() -> None:
    packages = [package(name) for name in "abcd"]
    ring = [
        member("b", "c", "peerDependency"),
        member("c", "a"),
        member("a", "b"),
        member("d", "a"),
    ]

    findings = find_issues(packages, ring)

    assert told(findings) == [(name, "dependency_cycle", "warning") for name in "abc"]
    assert {tuple(each.evidence["cycle"]) for each in findings} == {("a", "b", "c")}
    assert "a → b → c → a" in findings[0].message


def test_a_cycle_that_development_closes_matters_less() -> None:
    packages = [package("a"), package("b")]
    ring = [member("a", "b"), member("b", "a", "devDependency")]

    findings = find_issues(packages, ring)

    # And it is told once.
    assert told(findings) == [("a", "dependency_cycle", "info")]
    assert findings[0].evidence == {"cycle": ["a", "b"]}
    assert "development" in findings[0].message


@pytest.mark.parametrize(("kind", "wrong"), [("dependency", True), ("devDependency", False)])
def test_a_package_that_depends_on_itself(kind: str, wrong: bool) -> None:
    findings = find_issues([package("a")], [member("a", "a", kind)])

    assert told(findings) == [("a", "dependency_cycle", "warning")] * wrong


def test_a_very_long_cycle_is_told_once() -> None:
    names = [f"p{number:03}" for number in range(LONGEST_SHARED_CYCLE + 1)]
    ring = [member(a, b) for a, b in zip(names, names[1:] + names[:1], strict=True)]

    (finding,) = find_issues([package(name) for name in names], ring)

    assert finding.package == "p000"
    assert finding.evidence["cycle"] == names


def test_a_package_on_many_cycles_is_told_of_some_and_each_cycle_is_told() -> None:
    names = [f"p{number}" for number in range(MOST_SHARED_CYCLES + 3)]
    star = [member("hub", name) for name in names] + [member(name, "hub") for name in names]

    findings = find_issues([package(name) for name in ["hub", *names]], star)

    at_the_hub = [each for each in findings if each.package == "hub"]
    assert len(at_the_hub) == MOST_SHARED_CYCLES
    assert {tuple(each.evidence["cycle"]) for each in findings} == {("hub", name) for name in names}


def test_a_workspace_dependency_that_is_not_there() -> None:
    missing = DependencyFacts(
        "a", "devDependency", "gone", "workspace:^", "workspace", "", False, "", ""
    )

    (finding,) = find_issues([package("a")], [missing])

    assert told([finding]) == [("a", "workspace_dependency_missing", "error")]
    assert finding.evidence == {
        "dependency": "gone",
        "type": "devDependency",
        "range": "workspace:^",
    }
    assert "`gone`" in finding.message


@pytest.mark.parametrize(
    ("version", "range_", "unmet"),
    [
        # It is not a target, so its version is not in the range.
        ("1.0.0", "^2.0.0", True),
        # Neither is a tag a range, nor a package without a version in one.
        ("1.0.0", "latest", False),
        ("", "^2.0.0", False),
    ],
)
def test_a_member_that_is_passed_by(version: str, range_: str, unmet: bool) -> None:
    packages = [package("a"), package("b", version)]

    findings = find_issues(packages, [external("a", "b", range_)])

    assert told(findings) == [("a", "workspace_range_unmet", "warning")] * unmet
    if unmet:
        assert findings[0].evidence["version"] == "1.0.0"
        assert "from outside" in findings[0].message


def test_another_version_that_is_asked_for_by_name_is_meant() -> None:
    alias = DependencyFacts(
        "a", "devDependency", "b-old", "npm:b@^0.9.0", "npm", "", False, "b", "^0.9.0"
    )

    assert find_issues([package("a"), package("b")], [alias]) == []


def test_a_member_that_has_moved_out_of_its_range() -> None:
    packages = [package("a"), package("b", "2.0.0")]
    moved = member("a", "b", range="workspace:^1.0.0", outdated=True)

    (finding,) = find_issues(packages, [moved])

    assert told([finding]) == [("a", "workspace_range_unmet", "warning")]
    assert "from outside" not in finding.message


def test_ranges_that_differ() -> None:
    packages = [package(name) for name in "abc"]
    dependencies = [
        external("a", "vue", "^3.0.0"),
        external("b", "vue", "^3.0.0", "devDependency"),
        external("c", "vue", "^2.0.0"),
        # Peers are wide on purpose.
        external("c", "react", ">=16", "peerDependency"),
        external("a", "react", "^18.0.0"),
        # The same everywhere.
        external("a", "vite", "^5.0.0"),
        external("b", "vite", "^5.0.0"),
    ]

    (finding,) = find_issues(packages, dependencies)

    assert told([finding]) == [("", "dependency_ranges_differ", "info")]
    assert finding.evidence == {
        "dependency": "vue",
        "ranges": [
            {"range": "^3.0.0", "count": 2, "packages": ["a", "b"]},
            {"range": "^2.0.0", "count": 1, "packages": ["c"]},
        ],
    }
    assert "^3.0.0 (2), ^2.0.0 (1)" in finding.message


def test_the_evidence_of_many_ranges_has_an_end() -> None:
    names = [f"p{number:03}" for number in range(200)]
    dependencies = [external(name, "vue", f"^{index}.0.0") for index, name in enumerate(names)]
    dependencies += [external(f"q{name}", "vue", "^0.0.0") for name in names]

    (finding,) = find_issues([package(name) for name in names], dependencies)

    assert len(finding.evidence["ranges"]) == 50
    assert finding.evidence["ranges"][0]["count"] == 201
    assert len(finding.evidence["ranges"][0]["packages"]) == 20
    assert len(finding.message) < 300


def test_every_code_has_its_kind() -> None:
    assert set(ISSUE_KINDS) == set(IssueCode)
    for kind in ISSUE_KINDS.values():
        assert kind.severities
        assert kind.meaning.endswith(".")
        assert kind.remedy.endswith(".")


def test_a_local_dependency_of_which_there_is_nothing() -> None:
    missing = DependencyFacts(
        "a", "dependency", "gone", "link:../gone", "link", "", False, "", "", "packages/gone"
    )

    (finding,) = find_issues([package("a")], [missing])

    assert told([finding]) == [("a", "local_dependency_missing", "error")]
    assert finding.evidence == {
        "dependency": "gone",
        "type": "dependency",
        "range": "link:../gone",
        "path": "packages/gone",
    }
    assert "`packages/gone`" in finding.message


def test_a_local_dependency_that_is_there() -> None:
    there = DependencyFacts("a", "dependency", "b", "link:../b", "link", "", False, "", "")

    assert find_issues([package("a")], [there]) == []
