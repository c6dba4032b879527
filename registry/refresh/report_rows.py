"""What the database keeps of the workspace's reports: files read, and their rows written."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from registry.models import Report
from registry.models.base import utc_now
from registry.refresh.bulk import batches
from registry.reports import InvalidReport, read_report
from registry.rules.times import truncate_time
from registry.workspace.looks import RACY_NS, Mark
from registry.workspace.report_files import FoundFile, ReportFiles
from registry.workspace.tree import Tree, Unreadable

# Of a row whose file must be read again, whatever time it has.
UNSETTLED = 0
# What readers see of a row.
_SEEN = ("measured_at", "format", "verdict", "coverage", "figures", "problem")
# What a database's widest integer holds.
_LARGEST_KEPT = (1 << 63) - 1


class ChangedFile(NamedTuple):
    """A file to be read: its row's key, None where it is new, and whose it is."""

    row_id: int | None
    package_id: int
    file: FoundFile


@dataclass(frozen=True)
class Written:
    """What came of reading.

    Attributes:
        package_ids: the packages of which readers see a change.
        left: the files for which there was no time.
    """

    package_ids: set[int]
    left: Sequence[ChangedFile]


def read_and_write(
    session: Session, tree: Tree, rules: ReportFiles, changed: Sequence[ChangedFile]
) -> Written:
    """Read files and write what they say, for as long as the rules allow.

    What was written first is read first: however often some files change, all have their turn.
    At least one is read.
    """
    changed = sorted(changed, key=lambda each: each.file.mark.mtime_ns)
    end = time.monotonic() + rules.seconds
    read: list[tuple[ChangedFile, dict[str, Any]]] = []
    for each in changed:
        if read and time.monotonic() >= end:
            break
        read.append((each, _columns(tree, each.file, rules.largest)))
    left = changed[len(read) :]
    # Their rows may have the marks that they have, and be another release's.
    for batch in batches([each.row_id for each in left if each.row_id is not None]):
        session.execute(update(Report).where(Report.id.in_(batch)).values(mtime_ns=UNSETTLED))
    return Written(_insert(session, read) | _update(session, read), left)


def kept_mark(mark: Mark) -> tuple[int, int, int]:
    """Give a mark as its columns keep it: an inode may need a bit more than databases have."""
    return mark.inode & _LARGEST_KEPT, mark.size, mark.mtime_ns


def _insert(session: Session, read: Sequence[tuple[ChangedFile, dict[str, Any]]]) -> set[int]:
    now = utc_now()
    rows = [
        {
            "package_id": new.package_id,
            "kind": new.file.kind,
            "path": new.file.path,
            "created_at": now,
            **columns,
        }
        for new, columns in read
        if new.row_id is None
    ]
    if rows:
        session.execute(insert(Report), rows)
    return {row["package_id"] for row in rows}


def _update(session: Session, read: Sequence[tuple[ChangedFile, dict[str, Any]]]) -> set[int]:
    package_ids = set()
    for batch in batches([each for each in read if each[0].row_id is not None]):
        before = {
            row.id: row._asdict()
            for row in session.execute(
                select(Report.id, *[getattr(Report, name) for name in _SEEN]).where(
                    Report.id.in_([known.row_id for known, _columns in batch])
                )
            )
        }
        for known, columns in batch:
            if any(before[known.row_id][name] != columns[name] for name in _SEEN):
                package_ids.add(known.package_id)
        session.execute(update(Report), [{"id": known.row_id, **row} for known, row in batch])
    return package_ids


def _columns(tree: Tree, file: FoundFile, largest: int) -> dict[str, Any]:
    """Give what is to be written of a file; one that makes no sense has its problem for that."""
    now_ns = time.time_ns()
    # A file from the future would be the newest for ever.
    written = min(max(0, file.mark.mtime_ns), now_ns)
    inode, size, mtime_ns = kept_mark(file.mark)
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
