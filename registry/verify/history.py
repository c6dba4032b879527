"""The catalogued history against git's own answers, at the commit that was catalogued.

The questions are other ones than a refresh asks: `git log -- DIRECTORY` for each package, where a
refresh folds one log of everything. So what both say is said twice, not once.
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from registry.database import reading
from registry.errors import WorkspaceUnavailable
from registry.history.errors import HistoryUnreadable
from registry.history.manifests import MISSING, read_versions
from registry.history.repository import Repository
from registry.models import (
    Commit,
    Departure,
    FormerCommit,
    Issue,
    Package,
    PackageCommit,
    Version,
    Workspace,
)
from registry.rules.enumerations import Severity
from registry.rules.release_tags import PackageFacts, name_tags
from registry.rules.territories import ROOT, nested_paths
from registry.rules.times import format_time, time_of_seconds
from registry.verify.finding import FROM_GIT, Finding, Verification, gather
from registry.workspace.problems import ProblemCode

# Packages that are compared with git unless all are asked for.
SAMPLE = 20
_REFRESH = "Run `registry refresh`."
_DELETED = "D"


@dataclass
class _Seen:
    """Commits, told without their order: how many, which, and the newest one's date."""

    number: int = 0
    # Hashes, one over the other: equal where the same ones were seen, in whatever order.
    digest: int = 0
    newest: str = ""

    def add(self, commit: str, date: str) -> None:
        self.number += 1
        self.digest ^= int(commit, 16)
        self.newest = max(self.newest, date)


def check_history(view: Verification) -> Iterator[Finding]:
    """See that commits, versions and tags are those that git tells at the catalogued commit."""
    with reading(view.sessions) as session:
        workspace = session.scalar(select(Workspace).order_by(Workspace.id).limit(1))
        if workspace is None:
            return
        try:
            repository = Repository.open(Path(workspace.path))
            obstacle = _obstacle(session, workspace, repository)
            if obstacle:
                what = f"nothing was compared with git: {obstacle}"
                yield Finding(Severity.WARNING, what, 1, (workspace.path,), _REFRESH)
                return
            if repository.head().commit != workspace.head:
                what = "the workspace has moved on since the last refresh"
                yield Finding(Severity.WARNING, what, 1, (workspace.path,), _REFRESH)
            yield from _compare(view, session, workspace, repository)
        except (WorkspaceUnavailable, HistoryUnreadable) as error:
            what = f"the workspace cannot be read, and was not compared: {error}"
            yield Finding(Severity.WARNING, what, 1, (workspace.path,), _REFRESH)


def _obstacle(session: Session, workspace: Workspace, repository: Repository) -> str:
    """Tell why git's answers would be about another history; empty where they are not."""
    unreadable = Issue.code == ProblemCode.HISTORY_UNREADABLE
    if session.scalar(select(exists().where(unreadable))):
        return "the last refresh could not read all of the history"
    if workspace.head and not repository.has_commit(workspace.head):
        return f"the repository does not have the catalogued commit {workspace.head}"
    if repository.shallow_digest() != workspace.shallow_digest:
        return "the clone was deepened, or its history replaced, since the last refresh"
    return ""


def _compare(
    view: Verification, session: Session, workspace: Workspace, repository: Repository
) -> Iterator[Finding]:
    all_commits = select(Commit.hash, Commit.date).where(Commit.workspace_id == workspace.id)
    ours, theirs = _catalogued(session, all_commits), _told(repository, workspace.head, [])
    yield from gather(
        _differences("the workspace", ours, theirs), "commits differ from those of git", FROM_GIT
    )
    packages = session.execute(
        select(Package.id, Package.name, Package.path)
        .where(Package.workspace_id == workspace.id)
        .order_by(Package.path)
    ).all()
    chosen = packages
    if not view.every and len(packages) > SAMPLE:
        # Others every time, so that all are looked at in the end.
        chosen = random.SystemRandom().sample(packages, SAMPLE)
    paths = [package.path for package in packages]
    commits: list[str] = []
    formerly: list[str] = []
    versions: list[str] = []
    for done, package in enumerate(chosen):
        view.progress(done, len(chosen))
        where = _pathspecs(package.path, paths)
        linked = (
            select(Commit.hash, Commit.date)
            .join(PackageCommit, PackageCommit.commit_id == Commit.id)
            .where(PackageCommit.package_id == package.id)
        )
        commits += _differences(
            package.name,
            _catalogued(session, linked),
            _told(repository, workspace.head, ["--full-history", "--no-merges"], where),
        )
        formerly += _not_of_moves(session, repository, workspace.head, package)
        versions += _other_versions(session, repository, workspace.head, package)
    yield from gather(commits, "commits of packages differ from those of git", FROM_GIT)
    yield from gather(
        formerly, "commits from before packages moved differ from those of git", FROM_GIT
    )
    yield from gather(versions, "versions differ from those in git's manifests", FROM_GIT)
    tags, digest = repository.tags()
    if digest == workspace.tags_digest:
        yield from gather(
            _other_tags(session, workspace, tags), "versions have another tag than theirs", FROM_GIT
        )


def _pathspecs(path: str, paths: Iterable[str]) -> list[str]:
    nested = [f":(top,exclude,literal){other}" for other in nested_paths(path, paths)]
    return [":(top)" if path == ROOT else f":(top,literal){path}", *nested]


def _catalogued(session: Session, statement: Any) -> _Seen:
    seen = _Seen()
    for commit, date in session.execute(statement.execution_options(yield_per=5_000)):
        seen.add(commit, format_time(date))
    return seen


def _told(
    repository: Repository, head: str, options: Sequence[str], pathspecs: Sequence[str] = ()
) -> _Seen:
    seen = _Seen()
    for line in _lines(repository, head, ["--format=%H %ct", *options], pathspecs):
        commit, _, seconds = line.partition(" ")
        # A broken commit may have no time, or one beyond any calendar.
        seen.add(commit, format_time(time_of_seconds(int(seconds or 0))))
    return seen


def _lines(
    repository: Repository, head: str, options: Sequence[str], pathspecs: Sequence[str]
) -> Iterator[str]:
    if not head:
        return
    process = repository.start(["log", *options, head, "--", *pathspecs])
    try:
        for line in process.output:
            if text := line.decode("utf-8", "replace").rstrip("\n"):
                yield text
        repository.finish(process)
    finally:
        process.stop()


def _differences(name: str, ours: _Seen, theirs: _Seen) -> Iterator[str]:
    if ours.number != theirs.number:
        yield f"{name}: {ours.number:,} are catalogued, git tells {theirs.number:,}"
    elif ours.digest != theirs.digest:
        yield f"{name}: {ours.number:,}, but not the same ones"
    elif ours.newest != theirs.newest:
        yield f"{name}: the newest is of {ours.newest}, git tells {theirs.newest}"


def _not_of_moves(
    session: Session, repository: Repository, head: str, package: Any
) -> Iterator[str]:
    """Compare a package's commits from before it moved with the directories that it left.

    How far back each of them was the package's follows from all commits between, which a refresh
    alone reckons. Git tells without it which commits touched them; and whoever moved the package
    away did.
    """
    left = session.execute(
        select(Departure.path, Commit.hash)
        .join(Commit, Commit.id == Departure.commit_id)
        .where(Departure.name == package.name, Departure.path != package.path)
    ).all()
    own, former = (
        select(Commit.hash)
        .join(links, links.commit_id == Commit.id)
        .where(links.package_id == package.id)
        for links in (PackageCommit, FormerCommit)
    )
    astray = set(session.scalars(former))
    moves = {row.hash for row in left} - astray
    for commit in moves - set(session.scalars(own.where(Commit.hash.in_(moves)))):
        yield f"{package.name}: {commit} moved it, and is not among them"
    if left:
        places = sorted({":(top)" if path == ROOT else f":(top,literal){path}" for path, _ in left})
        options = ["--full-history", "--no-merges", "--format=%H"]
        astray.difference_update(_lines(repository, head, options, places))
    for commit in sorted(astray):
        yield f"{package.name}: {commit} touched no directory that it left"


def _other_versions(
    session: Session, repository: Repository, head: str, package: Any
) -> Iterator[str]:
    """Compare a package's versions with those of every manifest that git has at its place."""
    known = select(Version.version).where(
        Version.package_id == package.id, Version.from_git.is_(True), Version.commit_id.is_not(None)
    )
    ours = set(session.scalars(known))
    manifest = "package.json" if package.path == ROOT else f"{package.path}/package.json"
    options = (
        *("--full-history", "--no-merges", "--raw", "--no-abbrev", "--no-renames", "--format="),
    )
    blobs = _blobs(_lines(repository, head, options, [f":(top,literal){manifest}"]))
    theirs: set[str] = set()
    for _blob, version in read_versions(repository, blobs):
        if version is MISSING:
            # A partial clone: what it lacks, git cannot tell either.
            return
        if version is not None:
            theirs.add(version)
    for version in sorted(theirs - ours):
        yield f"{package.name} {version}: git has it, the catalogue has not"
    for version in sorted(ours - theirs):
        yield f"{package.name} {version}: the catalogue has it, git has not"


def _blobs(lines: Iterable[str]) -> Iterator[str]:
    """Give what regular files became by `:OLD-MODE MODE OLD-BLOB BLOB STATUS TAB PATH`."""
    for line in lines:
        _, mode, _, blob, status = line.partition("\t")[0].split(" ")
        if mode.startswith("100") and status != _DELETED:
            yield blob


def _other_tags(session: Session, workspace: Workspace, tags: frozenset[str]) -> Iterator[str]:
    facts = session.execute(
        select(Package.name, Package.private, Package.version).where(
            Package.workspace_id == workspace.id
        )
    )
    names = name_tags(
        [PackageFacts(*row) for row in facts], tags, fixed_version=bool(workspace.shared_version)
    )
    versions = (
        select(Package.name, Version.version, Version.tag)
        .join(Version, Version.package_id == Package.id)
        .where(Package.workspace_id == workspace.id, Version.from_git.is_(True))
    )
    for row in session.execute(versions.execution_options(yield_per=1_000)):
        if row.tag != names.tag_for(row.name, row.version):
            yield f"{row.name} {row.version}: {row.tag or 'none'}"
