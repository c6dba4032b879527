"""One refresh: reads the workspace and its history, writes what changed, in one transaction.

`docs/architecture.md` walks through one from end to end.
"""

import hashlib
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path

import orjson
from sqlalchemy import Engine, delete, func, select
from sqlalchemy.orm import Session

from registry import __version__
from registry.accounts.links import update_links
from registry.accounts.provenance import attach_stated_commits
from registry.database import begin_write, raise_revision
from registry.history.errors import HistoryUnreadable
from registry.history.repository import Head, Repository
from registry.issues.dependencies import update_dependency_issues
from registry.models import Issue, Package, Scan, Workspace
from registry.models.base import utc_now
from registry.refresh.ahead import HistoryAhead
from registry.refresh.dependencies import write_dependencies
from registry.refresh.history import HistoryUpdate, Member
from registry.refresh.issues import write_history_issues, write_package_issues
from registry.refresh.local_targets import find_places, look_for
from registry.refresh.lock import refresh_lock
from registry.refresh.members_stand import members_stand
from registry.refresh.packages import PackageChanges, write_packages
from registry.refresh.replaced_files import clear_left
from registry.refresh.report import Phase, Progress, ProgressListener, ScanReport, silent
from registry.refresh.reports import refresh_reports
from registry.refresh.versions import newest_version, write_tags, write_uncommitted
from registry.rules.enumerations import Severity
from registry.rules.release_tags import PackageFacts, TagNames, name_tags
from registry.workspace.discovery import MemberFile, find_members
from registry.workspace.layout import Layout, Tool, read_layout
from registry.workspace.manifest import read_manifest
from registry.workspace.problems import Problem, ProblemCode, error
from registry.workspace.report_files import DEFAULT_REPORT_FILES, ReportFiles
from registry.workspace.tree import ROOT, open_tree

# A file that was written this close to the scan may be written again without its time changing
# (git's "racy" files): it is read again next time.
_RACY_SECONDS = 2
_SCANS_KEPT = 1_000


def refresh_workspace(
    engine: Engine,
    path: Path,
    progress: ProgressListener = silent,
    *,
    reports: ReportFiles = DEFAULT_REPORT_FILES,
    anew: bool = False,
) -> ScanReport:
    """Bring the catalogue up to date with the workspace at `path`.

    All of it is one transaction: readers see the old catalogue or the new one. Only one refresh
    runs at a time on a database; a caller who had to wait for another's shares its result. Where it
    is to be done `anew`, nothing that is catalogued is built upon, or believed.

    Raises:
        WorkspaceUnavailable: there is no readable git repository; nothing was changed.
    """
    path = path.resolve()
    repository = Repository.open(path)
    newest = _newest_scan(engine)
    progress(Progress("waiting"))
    with refresh_lock(engine):
        shared = None if anew else _scan_since(engine, path, newest)
        if shared is not None:
            return shared
        with Session(engine) as session:
            begin_write(session)
            report = refresh_in(session, repository, progress, reports=reports, anew=anew)
            session.commit()
            return report


def refresh_in(
    session: Session,
    repository: Repository,
    progress: ProgressListener = silent,
    *,
    reports: ReportFiles | None = None,
    anew: bool = False,
) -> ScanReport:
    """Do a refresh's work in a transaction that the caller began to write, and will commit.

    Without `reports` no report is looked for, and those that are known stay.
    """
    return _Refresh(session, repository, progress, reports, anew=anew).run()


def _newest_scan(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(select(func.coalesce(func.max(Scan.id), 0))) or 0


def _scan_since(engine: Engine, path: Path, newest: int) -> ScanReport | None:
    if _newest_scan(engine) == newest:
        return None
    with Session(engine) as session:
        row = session.execute(
            select(Scan, Workspace.branch)
            .join(Workspace, Workspace.id == Scan.workspace_id)
            .where(Workspace.path == str(path), Scan.id > newest)
            .order_by(Scan.id.desc())
            .limit(1)
        ).first()
        if row is None:
            return None
        return ScanReport.of_scan(row.Scan, workspace=str(path), branch=row.branch)


def _keep_known(layout: Layout, problems: Sequence[Problem], workspace: Workspace) -> Layout:
    """Go on with the patterns of the last scan where the file that declares them is broken.

    A slip in one file must not empty the catalogue.
    """
    broken = any(problem.severity is Severity.ERROR for problem in problems)
    if not broken or layout.patterns or not workspace.patterns:
        return layout
    return replace(layout, tool=Tool(workspace.tool), patterns=tuple(workspace.patterns))


class _Refresh:
    """The steps of one refresh, in the order in which they run."""

    def __init__(
        self,
        session: Session,
        repository: Repository,
        progress: ProgressListener,
        reports: ReportFiles | None,
        *,
        anew: bool,
    ) -> None:
        self._reports = reports
        self._anew = anew
        self._session = session
        self._connection = session.connection()
        self._repository = repository
        self._progress = progress
        self._ahead = HistoryAhead(repository)
        self._started = utc_now()
        self._report = ScanReport(workspace=str(repository.path))
        self._changed = False

    def run(self) -> ScanReport:
        """Do it all, but for the commit."""
        with self._ahead:
            return self._run()

    def _run(self) -> ScanReport:
        repository, report = self._repository, self._report
        clear_left(repository)
        workspace = self._find_workspace()
        before = workspace.head
        if self._anew:
            workspace.members_digest = workspace.tags_digest = ""
            workspace.reports_release = workspace.reports_seen = None
        head, shallow = repository.head(), repository.shallow_digest()
        history_moved = self._anew or (
            (head.commit, shallow) != (workspace.head, workspace.shallow_digest)
        )
        start_over = self._anew or shallow != workspace.shallow_digest
        if history_moved and head.commit:
            self._ahead.begin("" if start_over else workspace.head, head.commit)
        tags, tags_digest = repository.tags()
        named_by = tags_digest, workspace.shared_version
        with self._phase("packages"):
            packages = self._refresh_packages(workspace, head)
        # Whether versions that are catalogued may have another tag now.
        renamed = named_by != (workspace.tags_digest, workspace.shared_version) or (
            packages is not None and bool(packages.changed or packages.vanished)
        )
        names = cache(lambda: self._name_tags(workspace, tags))
        newest = newest_version(self._connection) if renamed else 0
        versions_moved = packages is not None or renamed
        with self._phase("history"):
            if history_moved or (packages and (packages.rebuilt or packages.vanished)):
                changes = packages or PackageChanges()
                versions_moved |= self._refresh_history(workspace, head, shallow, changes, names)
        with self._phase("versions"):
            if versions_moved:
                self._refresh_versions(workspace, names(), newest)
            if versions_moved or history_moved:
                linked = update_links(self._session)
                self._note(bool(attach_stated_commits(self._connection) or linked))
        report.head, report.branch = head.commit, head.branch
        branch_moved = head.branch != workspace.branch
        self._note(branch_moved)
        workspace.branch, workspace.tags_digest = head.branch, tags_digest
        if self._reports is not None:
            with self._phase("reports"):
                rescore = branch_moved or self._anew
                self._refresh_reports(workspace, self._reports, rescore=rescore)
        self._finish(workspace, before)
        return report

    def _find_workspace(self) -> Workspace:
        """Find the workspace's row; a database without one gets it.

        There is one row today, so another path is where the workspace has moved to, or another
        repository in its place: whatever of it is not the same is then catalogued anew.
        """
        workspace = self._session.scalar(select(Workspace).order_by(Workspace.id).limit(1))
        if workspace is None:
            workspace = Workspace()
            self._session.add(workspace)
        workspace.path, workspace.bare = str(self._repository.path), self._repository.bare
        self._session.flush()
        return workspace

    def _refresh_packages(self, workspace: Workspace, head: Head) -> PackageChanges | None:
        """Read the manifests and write the packages; None where nothing moved since last time."""
        bare_digest = self._bare_digest(head.commit)
        if bare_digest and (
            bare_digest == workspace.members_digest or self._members_stand(workspace, head)
        ):
            workspace.members_digest = bare_digest
            return None
        with open_tree(self._repository, head.commit) as tree:
            layout, problems = read_layout(tree)
            layout = _keep_known(layout, problems, workspace)
            files, more_problems = find_members(tree, layout)
            digest = bare_digest or self._digest(layout, files, [*problems, *more_problems])
            targets = look_for(tree, workspace.local_targets or {})
            if (digest, targets) == (workspace.members_digest, workspace.local_targets or {}):
                return None
            read = [read_manifest(tree, file.path) for file in files]
            workspace.local_targets = look_for(tree, find_places(read, layout))
        changes = write_packages(
            self._session, workspace.id, read, self._started, documents=self._anew
        )
        workspace.tool, workspace.patterns = layout.tool, list(layout.patterns)
        self._session.flush()
        changes.problems[None] = [*problems, *more_problems]
        edges = write_dependencies(self._connection, changes.members, layout)
        issues = write_package_issues(self._connection, workspace.id, changes.problems)
        issues |= update_dependency_issues(self._connection, workspace.id)
        self._report.packages_changed = len(changes.changed | edges) + changes.vanished
        workspace.shared_version = layout.shared_version
        workspace.members_digest = digest
        # Another package may have come into a directory that was looked at.
        workspace.reports_seen = None
        self._note(bool(changes.changed or edges or changes.vanished or issues))
        return changes

    def _bare_digest(self, commit: str) -> str:
        """Digest what a bare repository's packages follow from; empty for a work tree."""
        return f"{__version__} {commit}" if self._repository.bare else ""

    def _members_stand(self, workspace: Workspace, head: Head) -> bool:
        """Tell whether a bare repository's new commits leave the packages as they were read."""
        return (
            workspace.head != ""
            and workspace.members_digest == self._bare_digest(workspace.head)
            and members_stand(
                self._repository, workspace.head, head.commit, workspace.local_targets or {}
            )
        )

    def _digest(
        self, layout: Layout, files: Sequence[MemberFile], problems: Sequence[Problem]
    ) -> str:
        """Digest what a work tree's packages follow from; a racy file makes it unlike any other."""
        newest_trusted = time.time_ns() - _RACY_SECONDS * 1_000_000_000
        racy = any(file.mtime_ns and file.mtime_ns > newest_trusted for file in files)
        seen = [
            # Another release may read the same files differently.
            __version__,
            time.time_ns() if racy else 0,
            repr(layout),
            [(file.path, file.size, file.mtime_ns) for file in files],
            [(problem.code, problem.path, problem.message) for problem in problems],
        ]
        return hashlib.sha256(orjson.dumps(seen)).hexdigest()

    def _refresh_history(
        self,
        workspace: Workspace,
        head: Head,
        shallow: str,
        packages: PackageChanges,
        tags: Callable[[], TagNames],
    ) -> bool:
        """Bring the history up to date; tells whether versions may have changed with it."""
        members = [
            Member(row.id, row.path, row.name)
            for row in self._connection.execute(
                select(Package.id, Package.path, Package.name).where(
                    Package.workspace_id == workspace.id
                )
            )
        ]
        update = HistoryUpdate(
            self._connection,
            self._repository,
            workspace.id,
            members=members,
            tags=tags,
            ahead=self._ahead,
            listener=self._progress,
            report=self._report,
        )
        try:
            with self._connection.begin_nested():
                update.run(
                    workspace.head,
                    head.commit,
                    rebuilt=packages.rebuilt,
                    vanished=packages.vanished > 0,
                    start_over=self._anew or shallow != workspace.shallow_digest,
                )
        except HistoryUnreadable as failure:
            # Half a history must not look like a whole one: what was known stays, with the reason,
            # and since the head stays too, the next refresh tries again.
            self._report.commits_removed = 0
            versions_moved = True
            problems = [error(ProblemCode(failure.code), ROOT, failure.detail)]
        else:
            workspace.head, workspace.shallow_digest = head.commit, shallow
            versions_moved = update.versions_moved
            problems = update.problems()
            self._note(True)
        self._note(write_history_issues(self._connection, workspace.id, problems))
        return versions_moved

    def _name_tags(self, workspace: Workspace, tags: Collection[str]) -> TagNames:
        facts = [
            PackageFacts(row.name, row.private, row.version)
            for row in self._connection.execute(
                select(Package.name, Package.private, Package.version).where(
                    Package.workspace_id == workspace.id
                )
            )
        ]
        return name_tags(facts, tags, fixed_version=bool(workspace.shared_version))

    def _refresh_versions(self, workspace: Workspace, tags: TagNames, newest: int) -> None:
        """Complete the versions; those up to `newest` may have got another tag."""
        added = write_uncommitted(self._connection, workspace.id, tags)
        renamed = write_tags(self._connection, workspace.id, tags, newest) if newest else 0
        self._report.versions_added += added
        self._note(bool(added or renamed))

    def _refresh_reports(self, workspace: Workspace, files: ReportFiles, *, rescore: bool) -> None:
        self._note(
            refresh_reports(self._session, self._repository, workspace, files, rescore=rescore)
        )

    def _note(self, changed: bool) -> None:
        self._changed = self._changed or changed

    @contextmanager
    def _phase(self, name: Phase) -> Iterator[None]:
        self._progress(Progress(name))
        start = time.perf_counter()
        yield
        self._report.durations[name] = round(1000 * (time.perf_counter() - start), 2)

    def _finish(self, workspace: Workspace, head_before: str) -> None:
        """Record the scan, and tell readers of a new revision if they would see one."""
        report, now = self._report, utc_now()
        first = workspace.scanned_at is None
        if self._changed or first:
            workspace.scanned_at = now
            raise_revision(self._session)
        report.changed = self._changed or first
        counted = [
            select(func.count()).where(model.workspace_id == workspace.id).scalar_subquery()
            for model in (Package, Issue)
        ]
        report.packages, report.issues = self._connection.execute(select(*counted)).one()
        scan = Scan(
            workspace_id=workspace.id,
            started_at=self._started,
            finished_at=now,
            head_before=head_before,
            head_after=report.head,
            changed=report.changed,
            packages=report.packages,
            packages_changed=report.packages_changed,
            commits_added=report.commits_added,
            commits_removed=report.commits_removed,
            versions_added=report.versions_added,
            issues=report.issues,
            durations=report.durations,
        )
        self._session.add(scan)
        self._session.flush()
        self._session.execute(delete(Scan).where(Scan.id <= scan.id - _SCANS_KEPT))
