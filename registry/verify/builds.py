"""The sums of builds, by day and over the days that count, against the builds themselves."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, String, and_, case, func, or_, select, type_coerce
from sqlalchemy.orm import Session

from registry.database import reading
from registry.models import Build, BuildDay, BuildFigure, Package
from registry.rules.builds import VERDICTS
from registry.rules.enumerations import BuildStatus
from registry.verify.finding import Finding, Verification, gather

# Packages whose builds are added up together.
_AT_ONCE = 50
_MEND = (
    "Delete the package's rows of build_day and build_figure, and tell the registry of its builds "
    "again."
)

_Sums = dict[tuple[int, str, str], tuple[int, ...]]


def check_builds(view: Verification) -> Iterator[Finding]:
    """See that what is kept of builds is what they add up to."""
    yield from gather(_other_days(view), "days have other sums than their builds", _MEND)
    yield from gather(_other_figures(view), "figures have other sums than their days", _MEND)


def _other_days(view: Verification) -> Iterator[str]:
    with reading(view.sessions) as session:
        packages = select(Package.id, Package.name).execution_options(yield_per=_AT_ONCE)
        for batch in session.execute(packages).partitions():
            names = {package.id: package.name for package in batch}
            built, kept = _add_up(session, list(names)), _kept(session, list(names))
            for key in sorted(built.keys() | kept.keys()):
                if built.get(key) != kept.get(key):
                    package_id, branch, day = key
                    yield f"{names[package_id]} {day} {branch}".rstrip()


def _add_up(session: Session, package_ids: list[int]) -> _Sums:
    day = _day_of(session)
    succeeded = func.sum(case((Build.status == BuildStatus.SUCCESS, 1), else_=0))
    count = func.count()
    duration = func.coalesce(func.sum(Build.duration), 0)
    rows = session.execute(
        select(Build.package_id, Build.branch, day, succeeded, count - succeeded, count, duration)
        .where(
            Build.package_id.in_(package_ids),
            Build.status.in_(sorted(VERDICTS)),
            Build.finished_at.is_not(None),
        )
        .group_by(Build.package_id, Build.branch, day)
    )
    return {(row[0], row[1], row[2]): tuple(map(int, row[3:])) for row in rows}


def _day_of(session: Session) -> ColumnElement[str]:
    if session.get_bind().dialect.name == "postgresql":
        return func.to_char(func.timezone("UTC", Build.finished_at), "YYYY-MM-DD")
    # SQLite has the contract's text.
    return func.substr(type_coerce(Build.finished_at, String), 1, 10)


def _kept(session: Session, package_ids: list[int]) -> _Sums:
    rows = session.scalars(select(BuildDay).where(BuildDay.package_id.in_(package_ids)))
    sums = {
        (row.package_id, row.branch, row.day.isoformat()): (
            row.succeeded,
            row.failed,
            row.timed,
            row.duration,
        )
        for row in rows
    }
    # A day whose builds are another day's by now keeps its row.
    return {key: added for key, added in sums.items() if any(added)}


def _other_figures(view: Verification) -> Iterator[str]:
    def total(sums: Any) -> ColumnElement[int]:
        return func.coalesce(func.sum(sums), 0)

    statement = (
        select(
            Package.name,
            BuildFigure.finished,
            BuildFigure.succeeded,
            BuildFigure.timed,
            BuildFigure.duration,
            total(BuildDay.succeeded + BuildDay.failed),
            total(BuildDay.succeeded),
            total(BuildDay.timed),
            total(BuildDay.duration),
        )
        .join(BuildFigure, BuildFigure.package_id == Package.id)
        .outerjoin(
            BuildDay,
            and_(
                BuildDay.package_id == BuildFigure.package_id,
                BuildDay.day >= BuildFigure.since,
                or_(BuildFigure.branch == "", BuildDay.branch.in_(["", BuildFigure.branch])),
            ),
        )
        .group_by(Package.id, BuildFigure.package_id)
    )
    with reading(view.sessions) as session:
        for row in session.execute(statement.execution_options(yield_per=1_000)):
            if tuple(row[1:5]) != tuple(map(int, row[5:])):
                yield row.name
