"""What builds come to: by day, and over the days that count.

One row for each package, branch and day, and one for each package, are kept by the same writes as
the builds. So a package's rate of success costs one row to read, and a write at most as many rows
as days count, however many builds there are.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, exists, func, or_, select, text
from sqlalchemy.orm import Session, sessionmaker

from registry.database import begin_write, raise_revision, reading
from registry.models import BuildDay, BuildFigure, Workspace
from registry.models.base import utc_now
from registry.rules.builds import VERDICTS, BuildState, counted_branches
from registry.rules.enumerations import BuildStatus
from registry.statements.upsert import upsert_into

# Any number, the same for all that write builds: the key of PostgreSQL's advisory lock.
_LOCK_KEY = 0x7265_6275
# SQLite's oldest limit on parameters of one statement is 999.
_BATCH = 500
_SUMS = ("finished", "succeeded", "timed", "duration")


def lock_builds(session: Session) -> None:
    """Let one transaction at a time write builds; on SQLite it is the one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})


@dataclass(frozen=True)
class BuildChange:
    """A build of a package before (None: there was none) and after a write."""

    package_id: int
    before: BuildState | None
    after: BuildState


def count_changes(session: Session, changes: Iterable[BuildChange]) -> None:
    """Bring the sums of the days up to date with builds that were written."""
    sums: dict[tuple[int, str, date], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for change in changes:
        for state, sign in ((change.before, -1), (change.after, 1)):
            if state is None or state.status not in VERDICTS or state.finished_at is None:
                continue
            added = sums[change.package_id, state.branch, state.finished_at.date()]
            succeeded = state.status is BuildStatus.SUCCESS
            for position, number in enumerate((succeeded, not succeeded, 1, state.duration or 0)):
                added[position] += sign * number
    rows = [
        dict(
            zip(
                ("package_id", "branch", "day", "succeeded", "failed", "timed", "duration"),
                (*key, *added),
                strict=True,
            )
        )
        for key, added in sorted(sums.items())
        if any(added)
    ]
    if not rows:
        return
    insert = upsert_into(session, BuildDay.__table__)
    counted = ("succeeded", "failed", "timed", "duration")
    session.execute(
        insert.on_conflict_do_update(
            index_elements=[BuildDay.package_id, BuildDay.branch, BuildDay.day],
            set_={name: getattr(BuildDay, name) + insert.excluded[name] for name in counted},
        ),
        rows,
    )


def update_figures(session: Session, package_ids: Collection[int], *, days: int) -> bool:
    """Work out what the packages' builds come to over the last days; tells whether any changed.

    Args:
        session: in a transaction that was begun to write.
        package_ids: whose builds.
        days: how many days count, today included.
    """
    branch, since = default_branch(session), window_start(days)
    changed = False
    for batch in _batches(sorted(package_ids)):
        known = {
            row.package_id: row
            for row in session.execute(
                select(*BuildFigure.__table__.columns).where(BuildFigure.package_id.in_(batch))
            )
        }
        summed = _sum_days(session, batch, branch, since)
        rows = []
        for package_id in batch:
            sums = summed.get(package_id, dict.fromkeys(_SUMS, 0))
            before = known.get(package_id)
            if before is None or any(getattr(before, name) != sums[name] for name in _SUMS):
                changed = True
            rows.append({"package_id": package_id, "branch": branch, "since": since, **sums})
        insert = upsert_into(session, BuildFigure.__table__)
        session.execute(
            insert.on_conflict_do_update(
                index_elements=[BuildFigure.package_id],
                set_={name: insert.excluded[name] for name in ("branch", "since", *_SUMS)},
            ),
            rows,
        )
    return changed


def roll_figures(sessions: sessionmaker[Session], *, days: int) -> bool:
    """Let days that no longer count fall out of all figures; tells whether any changed.

    To be called once a day, and when the workspace goes to another branch.
    """
    with reading(sessions) as session:
        if not session.scalar(select(exists().where(_is_stale(session, days)))):
            return False
    with sessions() as session:
        begin_write(session)
        lock_builds(session)
        stale = session.scalars(select(BuildFigure.package_id).where(_is_stale(session, days)))
        changed = update_figures(session, stale.all(), days=days)
        if changed:
            raise_revision(session)
        session.commit()
        return changed


def default_branch(session: Session) -> str:
    """Name the branch that the workspace is on; empty where HEAD is detached."""
    return session.scalar(select(Workspace.branch).order_by(Workspace.id).limit(1)) or ""


def window_start(days: int) -> date:
    """Give the first of the days that count, in UTC."""
    return utc_now().date() - timedelta(days=days - 1)


def _is_stale(session: Session, days: int) -> ColumnElement[bool]:
    return or_(
        BuildFigure.since != window_start(days), BuildFigure.branch != default_branch(session)
    )


def _sum_days(
    session: Session, package_ids: Sequence[int], branch: str, since: date
) -> Mapping[int, Mapping[str, int]]:
    statement = (
        select(
            BuildDay.package_id,
            func.sum(BuildDay.succeeded + BuildDay.failed).label("finished"),
            func.sum(BuildDay.succeeded).label("succeeded"),
            func.sum(BuildDay.timed).label("timed"),
            func.sum(BuildDay.duration).label("duration"),
        )
        .where(BuildDay.package_id.in_(package_ids), BuildDay.day >= since)
        .group_by(BuildDay.package_id)
    )
    if (counted := counted_branches(branch)) is not None:
        statement = statement.where(BuildDay.branch.in_(counted))
    return {
        row.package_id: {name: int(getattr(row, name)) for name in _SUMS}
        for row in session.execute(statement)
    }


def _batches(package_ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(package_ids), _BATCH):
        yield package_ids[start : start + _BATCH]
