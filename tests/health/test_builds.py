"""Builds are recorded once for each run, and what they come to follows."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session, sessionmaker

from registry.database import begin_write, make_engine
from registry.errors import InvalidInput, NotFound
from registry.health.build_figures import roll_figures
from registry.health.builds import RecordedBuild, record_build, record_builds
from registry.health.told_builds import ToldBuild
from registry.models import Build, BuildDay, BuildFigure, Health, Package, Revision, Workspace
from registry.rules.builds import BuildState
from registry.rules.enumerations import BuildStatus

Sessions = sessionmaker[Session]
SUCCESS, FAILED, RUNNING = BuildStatus.SUCCESS, BuildStatus.FAILED, BuildStatus.RUNNING
DAYS = 90


@pytest.fixture(autouse=True)
def workspace(sessions: Sessions) -> None:
    with sessions() as session:
        begin_write(session)
        row = Workspace(path="/srv/monorepo", branch="main")
        session.add(row)
        session.flush()
        for name in ("one", "two"):
            session.add(Package(workspace_id=row.id, name=name, path=f"packages/{name}"))
        session.commit()


def report(
    run: str,
    status: BuildStatus = SUCCESS,
    *,
    package: str = "one",
    ago: float = 1,
    seconds: float = 60,
    branch: str = "main",
) -> ToldBuild:
    """Tell of a build that began so many days ago and took so many seconds."""
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=ago)
    finish = None if status is RUNNING else start + timedelta(seconds=seconds)
    return ToldBuild(package, run, BuildState(status, start, finish, "abcdef0", branch))


def record(sessions: Sessions, *reports: ToldBuild) -> list[RecordedBuild]:
    with sessions() as session:
        begin_write(session)
        recorded = record_builds(session, reports, window_days=DAYS)
        session.commit()
        return recorded


def figures(sessions: Sessions, package: str = "one") -> tuple[int, int, int] | None:
    """Give how many builds count, how many of them succeeded, and their mean duration in ms."""
    with sessions() as session:
        row = session.scalar(
            select(BuildFigure)
            .join(Package, Package.id == BuildFigure.package_id)
            .where(Package.name == package)
        )
        if row is None:
            return None
        return row.finished, row.succeeded, row.duration // (row.timed or 1)


def revision(sessions: Sessions) -> int:
    with sessions() as session:
        return session.execute(select(Revision.number)).scalar_one()


def test_the_same_run_told_of_twice_is_one_build_and_no_change(sessions: Sessions) -> None:
    told = report("1")
    (first,) = record(sessions, told)
    before = revision(sessions)

    (second,) = record(sessions, told)

    assert (first.created, first.changed) == (True, True)
    assert (second.created, second.changed) == (False, False)
    assert revision(sessions) == before
    assert figures(sessions) == (1, 1, 60_000)
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(Build)) == 1


def test_a_run_has_its_builds_in_many_packages(sessions: Sessions) -> None:
    recorded = record(sessions, report("1"), report("1", FAILED, package="two"))

    assert [each.created for each in recorded] == [True, True]
    assert figures(sessions, "one") == (1, 1, 60_000)
    assert figures(sessions, "two") == (1, 0, 60_000)


def test_all_or_none(sessions: Sessions) -> None:
    told = [report("1"), report("2", package="none"), report("1")]

    with pytest.raises(InvalidInput) as caught:
        record(sessions, *told)

    assert [error.field for error in caught.value.errors] == [
        "builds[1].packageName",
        "builds[2].runId",
    ]
    assert figures(sessions) is None


def test_a_package_that_there_is_not(sessions: Sessions) -> None:
    with sessions() as session:
        begin_write(session)
        with pytest.raises(NotFound, match="no package 'none'"):
            record_build(session, report("1", package="none"), window_days=DAYS)


def test_a_verdict_that_changes_is_counted_once(sessions: Sessions) -> None:
    record(sessions, report("1", RUNNING))
    assert figures(sessions) == (0, 0, 0)
    record(sessions, report("1", FAILED, seconds=60))
    assert figures(sessions) == (1, 0, 60_000)

    record(sessions, report("1", SUCCESS, seconds=80))

    assert figures(sessions) == (1, 1, 80_000)
    record(sessions, report("1", BuildStatus.CANCELLED, seconds=90))
    assert figures(sessions) == (0, 0, 0)


def test_what_counts(sessions: Sessions) -> None:
    """The default branch's, and those that name none, of the last days; no cancelled one."""
    record(
        sessions,
        report("1", SUCCESS, seconds=10),
        report("2", FAILED, seconds=20),
        report("3", SUCCESS, seconds=30, branch=""),
        report("4", FAILED, branch="next"),
        report("5", FAILED, ago=DAYS + 1),
        report("6", BuildStatus.CANCELLED),
        report("7", RUNNING),
        report("8", SUCCESS, seconds=40, ago=DAYS - 1),
    )

    assert figures(sessions) == (4, 3, 25_000)


def test_a_build_of_another_branch_leaves_the_figures_alone(sessions: Sessions) -> None:
    record(sessions, report("1", branch="next"))

    assert figures(sessions) is None
    with sessions() as session:
        assert session.scalar(select(func.sum(BuildDay.succeeded))) == 1


def test_the_score_follows_the_newest_build_of_the_default_branch(sessions: Sessions) -> None:
    record(
        sessions,
        report("1", SUCCESS, ago=3),
        report("2", FAILED, ago=1),
        report("3", SUCCESS, ago=0, branch="next"),
    )

    with sessions() as session:
        health = session.execute(
            select(Health)
            .join(Package, Package.id == Health.package_id)
            .where(Package.name == "one")
        ).scalar_one()
        assert health.build_status == FAILED


def age(sessions: Sessions, days: int) -> None:
    """Let so many days pass, for what is kept by day."""
    with sessions() as session:
        begin_write(session)
        for model, column in ((BuildDay, "day"), (BuildFigure, "since")):
            for row in session.scalars(select(model)):
                setattr(row, column, getattr(row, column) - timedelta(days=days))
            session.flush()
        session.commit()


def test_days_fall_out_of_the_figures_as_they_pass(sessions: Sessions) -> None:
    record(sessions, report("1", FAILED, ago=80), report("2", SUCCESS, ago=1))
    assert not roll_figures(sessions, days=DAYS)

    age(sessions, 20)
    before = revision(sessions)

    assert roll_figures(sessions, days=DAYS)
    assert figures(sessions) == (1, 1, 60_000)
    assert revision(sessions) == before + 1
    assert not roll_figures(sessions, days=DAYS)
    age(sessions, 1)
    assert not roll_figures(sessions, days=DAYS)
    assert revision(sessions) == before + 1


@pytest.mark.parametrize(("branch", "finished"), [("next", 1), ("", 2)])
def test_the_figures_follow_the_workspace_to_another_branch(
    sessions: Sessions, branch: str, finished: int
) -> None:
    """Where HEAD is detached, nothing tells the default branch: then all branches count."""
    record(sessions, report("1", FAILED), report("2", SUCCESS, branch="next"))
    with sessions() as session:
        begin_write(session)
        session.execute(update(Workspace).values(branch=branch))
        session.commit()

    assert roll_figures(sessions, days=DAYS)

    found = figures(sessions)
    assert found is not None
    assert found[0] == finished


@pytest.fixture
def engines(engine: Engine) -> Iterator[list[Engine]]:
    url = engine.url.render_as_string(hide_password=False)
    made = [make_engine(url) for _ in range(4)]
    yield made
    for each in made:
        each.dispose()


def test_a_run_that_is_told_of_many_times_at_once_is_one_build(
    sessions: Sessions, engines: list[Engine]
) -> None:
    told = [report("1", SUCCESS), report("1", SUCCESS, package="two")]

    def tell(engine: Engine) -> list[bool]:
        return [each.created for each in record(sessionmaker(engine), *told)]

    with ThreadPoolExecutor(len(engines)) as pool:
        created = [each for part in pool.map(tell, engines) for each in part]

    assert sum(created) == 2
    assert figures(sessions, "one") == figures(sessions, "two") == (1, 1, 60_000)


def test_the_days_add_up_to_the_builds(sessions: Sessions) -> None:
    statuses = [SUCCESS, FAILED, RUNNING, BuildStatus.CANCELLED]
    for step in range(24):
        record(
            sessions,
            report(
                str(step % 7),
                statuses[step * 5 % 4],
                seconds=step,
                ago=step % 3,
                branch=("main", "next")[step % 2],
            ),
        )

    with sessions() as session:
        for status, column in ((SUCCESS, BuildDay.succeeded), (FAILED, BuildDay.failed)):
            counted = session.scalar(select(func.count()).where(Build.status == status))
            assert session.scalar(select(func.sum(column))) == counted
        finished = Build.status.in_([SUCCESS, FAILED])
        assert session.scalar(select(func.sum(BuildDay.duration))) == session.scalar(
            select(func.sum(Build.duration)).where(finished)
        )
