"""Writes of builds, as a CI tells of them; `registry.rules.builds` says what a message changes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, insert, or_, select, update
from sqlalchemy.orm import Session

from registry.database import raise_revision
from registry.errors import FieldError, InvalidInput, package_not_found
from registry.health.build_figures import (
    BuildChange,
    count_changes,
    default_branch,
    lock_builds,
    update_figures,
)
from registry.health.scores import update_scores
from registry.health.told_builds import ToldBuild
from registry.models import Build, Package
from registry.rules.builds import BuildState, counted_branches, merge_build
from registry.rules.enumerations import BuildStatus

# SQLite's oldest limit on parameters of one statement is 999.
_BATCH = 400


@dataclass(frozen=True)
class RecordedBuild:
    """A build as it is known after a write."""

    package: str
    run_id: str
    state: BuildState
    # Whether the write made it, and whether it changed anything.
    created: bool
    changed: bool


def record_build(session: Session, build: ToldBuild, *, window_days: int) -> RecordedBuild:
    """Record one build; as `record_builds`.

    Raises:
        NotFound: the workspace has no such package.
    """
    if not _find_packages(session, [build.package]):
        raise package_not_found(build.package)
    return record_builds(session, [build], window_days=window_days)[0]


def record_builds(
    session: Session,
    builds: Sequence[ToldBuild],
    *,
    window_days: int,
    at: datetime | None = None,
) -> list[RecordedBuild]:
    """Record builds, all or none, with the scores and figures that follow from them.

    A build is known by package and run id: told of again, it is changed, or left as it is. Only if
    something changed, the revision is raised.

    Args:
        session: in a transaction that was begun to write; the caller commits.
        builds: what is told, in the order in which the result is.
        window_days: how many days count for the figures, today included.
        at: when it was told, if not now: the day of the history that the scores belong to.

    Raises:
        InvalidInput: a package is unknown, or a build is there twice; `errors` names each item.
    """
    lock_builds(session)
    packages = _find_packages(session, {build.package for build in builds})
    _check(builds, packages)
    known = _find_known(session, [(packages[each.package], each.run_id) for each in builds])
    recorded, new, changes = [], [], []
    updates: list[dict[str, Any]] = []
    for build in builds:
        package_id = packages[build.package]
        build_id, before = known.get((package_id, build.run_id), (None, None))
        after = merge_build(before, build.state)
        if build_id is None:
            new.append({"package_id": package_id, "run_id": build.run_id, **_columns(after)})
        elif after != before:
            updates.append({"id": build_id, **_columns(after)})
        if after != before:
            changes.append(BuildChange(package_id, before, after))
        recorded.append(
            RecordedBuild(build.package, build.run_id, after, before is None, after != before)
        )
    if new:
        session.execute(insert(Build), new)
    if updates:
        session.execute(update(Build), updates)
    if changes:
        _follow_up(session, changes, window_days, at)
    return recorded


def _follow_up(
    session: Session, changes: Sequence[BuildChange], window_days: int, at: datetime | None
) -> None:
    count_changes(session, changes)
    counted = counted_branches(default_branch(session))
    touched = {
        change.package_id
        for change in changes
        for state in (change.before, change.after)
        if state is not None and (counted is None or state.branch in counted)
    }
    update_figures(session, touched, days=window_days)
    update_scores(session, touched, at=at)
    raise_revision(session)


def _check(builds: Sequence[ToldBuild], packages: Mapping[str, int]) -> None:
    errors, seen = [], set()
    for position, build in enumerate(builds):
        if build.package not in packages:
            message = f"there is no package {build.package!r} in the workspace"
            errors.append(FieldError(f"builds[{position}].packageName", message))
        if (build.package, build.run_id) in seen:
            errors.append(FieldError(f"builds[{position}].runId", "is there twice"))
        seen.add((build.package, build.run_id))
    if errors:
        raise InvalidInput("No build was recorded.", errors=errors)


def _find_packages(session: Session, names: Sequence[str] | set[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for batch in _batches(list(names)):
        rows = session.execute(
            select(Package.name, Package.id).where(
                Package.workspace_id.is_not(None), Package.name.in_(batch)
            )
        )
        found |= {row.name: row.id for row in rows}
    return found


def _find_known(
    session: Session, keys: Sequence[tuple[int, str]]
) -> dict[tuple[int, str], tuple[int, BuildState]]:
    found = {}
    for batch in _batches(keys):
        # Not `(package_id, run_id) IN (…)`, of which SQLite uses the first column alone.
        wanted = or_(
            *(
                and_(Build.package_id == package_id, Build.run_id == run_id)
                for package_id, run_id in batch
            )
        )
        for row in session.execute(select(*Build.__table__.columns).where(wanted)):
            state = BuildState(
                status=BuildStatus(row.status),
                started_at=row.started_at,
                finished_at=row.finished_at,
                commit=row.commit_hash,
                branch=row.branch,
                url=row.url,
            )
            found[row.package_id, row.run_id] = row.id, state
    return found


def _columns(state: BuildState) -> dict[str, Any]:
    return {
        "status": state.status.value,
        "commit_hash": state.commit,
        "branch": state.branch,
        "url": state.url,
        "started_at": state.started_at,
        "finished_at": state.finished_at,
        "duration": state.duration,
    }


def _batches(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), _BATCH):
        yield items[start : start + _BATCH]
