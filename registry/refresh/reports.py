"""The reports' part of a refresh: what tools wrote into the packages' directories.

Nothing is executed. A file that has the inode, size and time that it had is not opened again; what
stands in a commit only (a bare repository) is not looked at, for a commit does not say when it was
measured.

Where all that was looked at the last time stands, nothing else is asked, neither of the disk nor
of the database: that is one system call for each file that counts, and one or two for each
directory in which something else could turn up.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import delete, exists, insert, select, update
from sqlalchemy.orm import Session

from registry import __version__
from registry.health.scores import update_scores
from registry.history.repository import Repository
from registry.models import Package, Report, Workspace
from registry.models.base import utc_now
from registry.refresh.bulk import batches
from registry.refresh.issues import write_report_issues
from registry.reports import InvalidReport, read_report
from registry.rules.times import truncate_time
from registry.workspace.looks import RACY_NS, Looks, Mark, Remembered, all_stand
from registry.workspace.problems import Problem, ProblemCode, warning
from registry.workspace.report_files import FoundFile, ReportFiles
from registry.workspace.tree import ROOT, Tree, Unreadable, WorkTree

# Of a row whose file must be read again, whatever time it has.
UNSETTLED = 0
# By what a row is known again, and what its readers see of it.
_KNOWN = ("inode", "size", "mtime_ns")
_SEEN = ("measured_at", "format", "verdict", "coverage", "figures", "problem")
# What a database's widest integer holds.
_LARGEST_KEPT = (1 << 63) - 1

_Found = tuple[int, FoundFile]


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
    with _opened(repository) as root:
        if not _stand(workspace, files, root):
            found, remembered = _find(session, workspace.id, files, root)
            changed, settled = _refresh(session, repository, workspace, files.largest, found)
            workspace.reports_release = __version__
            workspace.reports_seen = remembered if settled else None
    if changed:
        problems = _problems(session, workspace.id)
        write_report_issues(session.connection(), workspace.id, problems)
    if changed or rescore:
        rescored = update_scores(session, None if rescore else changed)
        return bool(changed or rescored)
    return False


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
    rules, missed, *there = orjson.loads(workspace.reports_seen)
    if rules != _rules(files, root):
        return False
    return root is None or all_stand(root, zip(*there, strict=True), missed)


def _find(
    session: Session, workspace_id: int, files: ReportFiles, root: int | None
) -> tuple[list[_Found], bytes | None]:
    """Find the files of all packages, and what must stand for that to be the answer again."""
    if root is None:
        return [], _remember(files, root, Remembered([], []))
    looks = Looks(root)
    packages = session.execute(
        select(Package.id, Package.path).where(Package.workspace_id == workspace_id)
    ).all()
    found = [
        (package_id, file)
        for package_id, path in packages
        for file in files.find(looks, path or ROOT)
    ]
    remembered = looks.remembered()
    return found, None if remembered is None else _remember(files, root, remembered)


def _remember(files: ReportFiles, root: int | None, looks: Remembered) -> bytes:
    """Write down what `_stand` reads: column by column, which is read in half the time."""
    paths = [path for path, _ in looks.there]
    marks = [[mark[place] for _, mark in looks.there] for place in range(len(Mark._fields))]
    return orjson.dumps([_rules(files, root), looks.missed, paths, *marks])


def _rules(files: ReportFiles, root: int | None) -> list[str]:
    """Give what else the answer hangs on; which packages there are forgets it by itself."""
    return [__version__, "" if root is None else files.rules]


def _refresh(
    session: Session,
    repository: Repository,
    workspace: Workspace,
    largest: int,
    found: Sequence[_Found],
) -> tuple[set[int], bool]:
    """Compare the files with the rows, and read those that are not the same.

    Returns:
        The packages of which readers see a change, and whether no file must be looked at again
        though it may stay as it is.
    """
    # Another release may read the same files differently.
    trusted = workspace.reports_release == __version__
    columns = (Report.id, Report.package_id, Report.kind, Report.path, *_columns_of(_KNOWN))
    known = {
        (row.package_id, row.kind, row.path): row
        for row in session.execute(
            select(*columns)
            .join(Package, Package.id == Report.package_id)
            .where(Package.workspace_id == workspace.id, Report.path != "")
        )
    }
    new, again = [], []
    for package_id, file in found:
        row = known.pop((package_id, file.kind, file.path), None)
        if row is None:
            new.append((package_id, file))
        elif not trusted or tuple(getattr(row, name) for name in _KNOWN) != _kept(file.mark):
            again.append((row.id, package_id, file))
    changed = {row.package_id for row in known.values()}
    for batch in batches([row.id for row in known.values()]):
        session.execute(delete(Report).where(Report.id.in_(batch)))
    if new or again:
        with WorkTree(repository.path) as tree:
            changed |= _write(session, tree, largest, new, again)
    unsettled = select(exists().where(Report.path != "", Report.mtime_ns == UNSETTLED))
    return changed, not session.scalar(unsettled)


def _write(
    session: Session,
    tree: Tree,
    largest: int,
    new: Sequence[tuple[int, FoundFile]],
    again: Sequence[tuple[int, int, FoundFile]],
) -> set[int]:
    """Read files and write what they say; gives the packages of which readers see a change."""
    now = utc_now()
    changed = {package_id for package_id, _file in new}
    rows = [
        {"package_id": package_id, "kind": file.kind, "path": file.path, "created_at": now}
        | _columns(tree, file, largest)
        for package_id, file in new
    ]
    if rows:
        session.execute(insert(Report), rows)
    for batch in batches(again):
        before = {
            row.id: row._asdict()
            for row in session.execute(
                select(Report.id, *_columns_of(_SEEN)).where(
                    Report.id.in_([row_id for row_id, *_ in batch])
                )
            )
        }
        updates = []
        for row_id, package_id, file in batch:
            after = _columns(tree, file, largest)
            updates.append({"id": row_id, **after})
            if any(before[row_id][name] != after[name] for name in _SEEN):
                changed.add(package_id)
        session.execute(update(Report), updates)
    return changed


def _kept(mark: Mark) -> tuple[int, int, int]:
    """Give a mark as its columns keep it: an inode may need a bit more than databases have."""
    return mark.inode & _LARGEST_KEPT, mark.size, mark.mtime_ns


def _columns_of(names: Sequence[str]) -> list[Any]:
    return [getattr(Report, name) for name in names]


def _columns(tree: Tree, file: FoundFile, largest: int) -> dict[str, Any]:
    """Give what is to be written of a file; one that makes no sense has its problem for that."""
    now_ns = time.time_ns()
    # A file from the future would be the newest for ever.
    written = min(max(0, file.mark.mtime_ns), now_ns)
    inode, size, mtime_ns = _kept(file.mark)
    columns: dict[str, Any] = {
        "measured_at": truncate_time(datetime.fromtimestamp(written / 1e9, UTC)),
        "inode": inode,
        "size": size,
        "mtime_ns": UNSETTLED if now_ns - written < RACY_NS else mtime_ns,
        "format": "",
        "verdict": "unknown",
        "coverage": None,
        "figures": {},
        "problem": "",
    }
    try:
        content = tree.read(file.path, limit=largest)
        report = read_report(file.kind, content or b"")
    except Unreadable as refusal:
        # Whether it may be read now, its time does not tell.
        return columns | {"problem": refusal.problem.message, "mtime_ns": UNSETTLED}
    except InvalidReport as refusal:
        return columns | {"problem": refusal.detail}
    return columns | {
        "format": report.format,
        "verdict": report.verdict.value,
        "coverage": report.coverage,
        "figures": dict(report.figures),
    }


def _problems(session: Session, workspace_id: int) -> dict[int | None, list[Problem]]:
    """Tell of every file that is no report, as an issue on its package."""
    found: dict[int | None, list[Problem]] = {}
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
