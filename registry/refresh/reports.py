"""The reports' part of a refresh: what tools wrote into the packages' directories.

Nothing is executed. A file that has the inode, size and time that it had is not opened again; what
stands in a commit only (a bare repository) is not looked at, for a commit does not say when it was
measured.

Where all that was looked at the last time stands, nothing else is asked, neither of the disk nor
of the database: that is one system call for each file that counts, and one or two for each
directory in which something else could turn up.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import orjson
from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from registry import __version__
from registry.health.scores import update_scores
from registry.history.repository import Repository
from registry.models import Package, Report, Workspace
from registry.refresh.bulk import batches
from registry.refresh.issues import write_report_issues
from registry.refresh.report_rows import (
    UNSETTLED,
    ChangedFile,
    Written,
    kept_mark,
    read_and_write,
)
from registry.workspace.looks import Looks, Mark, Remembered, all_stand
from registry.workspace.problems import Problem, ProblemCode, warning
from registry.workspace.report_files import FoundFile, ReportFiles
from registry.workspace.tree import ROOT, WorkTree

# What was written down in another way is forgotten.
_WRITTEN_AS = "path, inode, size, time"
# By what a row is known again.
_KNOWN = ("inode", "size", "mtime_ns")

_Problems = dict[int | None, list[Problem]]


class _Seen(NamedTuple):
    """What was found in all packages' directories.

    Attributes:
        files: each with its package's key.
        left_out: what was not looked at, by the package's key.
        remembered: what must stand for that to be the answer again, as `_stand` reads it.
    """

    files: Sequence[tuple[int, FoundFile]]
    left_out: _Problems
    remembered: bytes | None


def refresh_reports(
    session: Session,
    repository: Repository,
    workspace: Workspace,
    files: ReportFiles,
    *,
    rescore: bool = False,
) -> bool:
    """Bring the reports of the workspace's files up to date, and the scores that follow from them.

    Args:
        session: in a transaction that was begun to write.
        repository: the workspace's.
        workspace: its row.
        files: which files are reports.
        rescore: whether every score must be looked at, though no report may have changed.

    Returns:
        Whether anything that clients see changed.
    """
    changed: set[int] = set()
    others_changed = False
    with _opened(repository) as root:
        if not _stand(workspace, files, root):
            seen = _find(session, workspace.id, files, root)
            written = _refresh(session, repository, workspace, files, seen.files)
            changed = written.package_ids
            settled = not written.left and not _some_are_unsettled(session)
            workspace.reports_release = __version__
            workspace.reports_seen = seen.remembered if settled else None
            problems = _problems(session, workspace.id, seen.left_out, written, files)
            others_changed = write_report_issues(session.connection(), workspace.id, problems)
    if changed or rescore:
        others_changed |= bool(update_scores(session, None if rescore else changed))
    return bool(changed) or others_changed


@contextmanager
def _opened(repository: Repository) -> Iterator[int | None]:
    """Open the workspace's directory; a bare repository has none."""
    if repository.bare:
        yield None
        return
    root = os.open(repository.path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield root
    finally:
        os.close(root)


def _stand(workspace: Workspace, files: ReportFiles, root: int | None) -> bool:
    """Tell whether all is as it was when it was looked at last, so that nothing need be read."""
    if workspace.reports_seen is None:
        return False
    rules, *columns = orjson.loads(workspace.reports_seen)
    if rules != _rules(files, root):
        return False
    return root is None or all_stand(root, zip(*columns, strict=True))


def _find(session: Session, workspace_id: int, files: ReportFiles, root: int | None) -> _Seen:
    """Find the files of all packages."""
    if root is None:
        return _Seen([], {}, _remember(files, root, []))
    looks = Looks(root)
    found: list[tuple[int, FoundFile]] = []
    left_out: _Problems = {}
    for package_id, path in session.execute(
        select(Package.id, Package.path).where(Package.workspace_id == workspace_id)
    ).all():
        of_package = files.find(looks, path or ROOT)
        found += [(package_id, file) for file in of_package.files]
        if of_package.problems:
            left_out[package_id] = of_package.problems
    remembered = looks.remembered()
    if remembered is None:
        return _Seen(found, left_out, None)
    return _Seen(found, left_out, _remember(files, root, remembered))


def _remember(files: ReportFiles, root: int | None, looks: Remembered) -> bytes:
    """Write down what `_stand` reads: column by column, which is read in half the time."""
    paths = [path for path, _ in looks]
    parts = range(len(Mark._fields))
    marks = [[mark[part] if mark else None for _, mark in looks] for part in parts]
    return orjson.dumps([_rules(files, root), paths, *marks])


def _rules(files: ReportFiles, root: int | None) -> list[str]:
    """Give what else the answer hangs on; which packages there are forgets it by itself."""
    return [__version__, _WRITTEN_AS, "" if root is None else files.rules]


def _refresh(
    session: Session,
    repository: Repository,
    workspace: Workspace,
    files: ReportFiles,
    found: Sequence[tuple[int, FoundFile]],
) -> Written:
    """Compare the files with the rows, and read those that are not the same."""
    # Another release may read the same files differently.
    trusted = workspace.reports_release == __version__
    marks = [getattr(Report, name) for name in _KNOWN]
    known = {
        (row.package_id, row.kind, row.path): row
        for row in session.execute(
            select(Report.id, Report.package_id, Report.kind, Report.path, *marks)
            .join(Package, Package.id == Report.package_id)
            .where(Package.workspace_id == workspace.id, Report.path != "")
        )
    }
    changed = []
    for package_id, file in found:
        row = known.pop((package_id, file.kind, file.path), None)
        if row is None:
            changed.append(ChangedFile(None, package_id, file))
        elif not trusted or tuple(getattr(row, name) for name in _KNOWN) != kept_mark(file.mark):
            changed.append(ChangedFile(row.id, package_id, file))
    gone = list(known.values())
    for batch in batches([row.id for row in gone]):
        session.execute(delete(Report).where(Report.id.in_(batch)))
    if not changed:
        return Written({row.package_id for row in gone}, [])
    with WorkTree(repository.path) as tree:
        written = read_and_write(session, tree, files, changed)
    return Written(written.package_ids.union(row.package_id for row in gone), written.left)


def _some_are_unsettled(session: Session) -> bool:
    """Tell whether a file must be looked at again though it may stay as it is."""
    unsettled = exists().where(Report.path != "", Report.mtime_ns == UNSETTLED)
    return bool(session.scalar(select(unsettled)))


def _problems(
    session: Session, workspace_id: int, left_out: _Problems, written: Written, files: ReportFiles
) -> _Problems:
    """Tell of every file that is no report, as an issue on its package, and of what was left."""
    found: _Problems = {package_id: list(problems) for package_id, problems in left_out.items()}
    if written.left:
        first = written.left[0].file.path
        sentence = (
            f"Reading reports took over {files.seconds:g} seconds, so {len(written.left):,} files "
            "are left to the next refresh; this is the first of them."
        )
        found[None] = [warning(ProblemCode.REPORTS_LEFT_OUT, first, sentence)]
    rows = session.execute(
        select(Report.package_id, Report.kind, Report.path, Report.problem)
        .join(Package, Package.id == Report.package_id)
        .where(Package.workspace_id == workspace_id, Report.problem != "")
        .order_by(Report.path, Report.kind)
    )
    for row in rows:
        sentence = f"The {row.kind} report counts for nothing: {row.problem.rstrip('.')}."
        problem = warning(ProblemCode.REPORT_INVALID, row.path, sentence)
        found.setdefault(row.package_id, []).append(problem)
    return found
