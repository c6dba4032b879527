"""On histories of any shape, a package's commits are those of git's own `log -- PATH`."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from registry.history.log import LoggedCommit, read_log
from registry.history.repository import Repository
from registry.rules.territories import Territories, nested_paths
from tests.history.histories import Change, Imported, Planned, git, import_history

PACKAGES = (
    ".",
    "packages/a",
    "packages/a/nested",
    "packages/a/nested/deeper",
    "packages/A",
    "packages/a b",
    "packages/ä",
    "packages/absent",
)
# Files of packages, files of none, and packages' directories as files.
PATHS = (
    "README.md",
    "package.json",
    "packages/a",
    "packages/a/package.json",
    "packages/a/src/x.js",
    "packages/a/nested",
    "packages/a/nested/package.json",
    "packages/a/nested/deeper/x.js",
    "packages/a/nestedly/x.js",
    "packages/A/package.json",
    "packages/a b/x.js",
    "packages/ä/ö.js",
    "packages/ab/x.js",
)
MODES = ("100644", "100644", "100644", "100755", "120000", "160000", "deleted")


@st.composite
def changes(draw: st.DrawFn) -> Change:
    path, mode = draw(st.sampled_from(PATHS)), draw(st.sampled_from(MODES))
    number = draw(st.integers(1, 3))
    if mode == "deleted":
        return Change(path, None)
    return Change(path, str(number).encode() * (40 if mode == "160000" else 1), mode)


@st.composite
def plans(draw: st.DrawFn) -> list[Planned]:
    plan = []
    for position in range(draw(st.integers(1, 12))):
        parents = st.lists(st.integers(0, max(position - 1, 0)), max_size=3, unique=True)
        before = tuple(draw(parents)) if position else ()
        linear = draw(st.integers(0, 2)) > 0 and position
        plan.append(
            Planned(
                tuple(draw(st.lists(changes(), max_size=4))),
                parents=(position - 1, *(p for p in before if p != position - 1))
                if linear
                else before,
                # Clocks differ: a child may be older than its parent.
                seconds=1_600_000_000 + draw(st.integers(0, 5)),
                subject=str(position).encode(),
            )
        )
    return plan


def of_package(told: list[LoggedCommit], package: str) -> list[str]:
    index = PACKAGES.index(package)
    return [commit.hash for commit in told if index in commit.owners]


def by_git(made: Imported, package: str) -> list[str]:
    """Ask as the contract says (section 0)."""
    pathspecs = [f":(top,literal){package}" if package != "." else ":(top)"]
    pathspecs += [f":(top,exclude,literal){nested}" for nested in nested_paths(package, PACKAGES)]
    command = ("log", "--full-history", "--no-merges", "--format=%H", "HEAD", "--", *pathspecs)
    return git(made.path, *command).decode().split()


def manifests_by_git(made: Imported, package: str) -> list[str]:
    path = "package.json" if package == "." else f"{package}/package.json"
    command = ("log", "--full-history", "--no-merges", "--raw", "--no-abbrev", "--no-renames")
    lines = git(made.path, *command, "--format=", "HEAD", "--", f":(top,literal){path}").decode()
    changed = [line.split() for line in lines.splitlines()]
    return [blob for _, mode, _, blob, *_ in changed if mode.startswith("100")]


@given(plans())
@settings(max_examples=25, deadline=None)
def test_each_package_has_exactly_the_commits_that_git_says(plan: list[Planned]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        made = import_history(Path(directory) / "repository", plan)
        repository = Repository.open(made.path)
        territories = Territories(PACKAGES)

        told = list(read_log(repository, [made.head], territories))

        assert [commit.hash for commit in told] == git(
            made.path, "rev-list", "HEAD"
        ).decode().split()
        for index, package in enumerate(PACKAGES):
            assert of_package(told, package) == by_git(made, package), package
            blobs = [blob for commit in told for owner, blob in commit.manifests if owner == index]
            assert blobs == manifests_by_git(made, package), package
        pathspecs = ("packages/a", "packages/A", "packages/absent")
        kept = list(read_log(repository, [made.head], territories, pathspecs=pathspecs))
        for package in PACKAGES:
            expected = of_package(told, package) if package in pathspecs else []
            assert of_package(kept, package) == expected, package
