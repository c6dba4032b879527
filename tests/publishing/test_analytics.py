"""Installs are counted, each once, in the hour in which they were."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from registry.database import writing
from registry.models import InstallHour, Publication
from registry.publishing.analytics import hour_of, record_install
from tests.accounts.samples import PROCESSED, add_author, add_listing

NOON = datetime(2026, 3, 1, 12, 59, 59, 999000, UTC)


def publish(sessions: sessionmaker[Session]) -> int:
    with writing(sessions) as session:
        author, _ = add_author(session)
        add_listing(session, author, versions=[PROCESSED])
        session.flush()
        return session.scalars(select(Publication.version_id)).one()


def hours(sessions: sessionmaker[Session]) -> list[tuple[datetime, int]]:
    with sessions() as session:
        statement = select(InstallHour.hour, InstallHour.installs).order_by(InstallHour.hour)
        return [(row.hour, row.installs) for row in session.execute(statement)]


def test_installs_are_counted_by_the_hour_and_in_all(sessions: sessionmaker[Session]) -> None:
    version = publish(sessions)
    for moment in (NOON, NOON + timedelta(milliseconds=1), NOON + timedelta(minutes=5)):
        with writing(sessions) as session:
            record_install(session, version, moment)

    assert hours(sessions) == [
        (datetime(2026, 3, 1, 12, tzinfo=UTC), 1),
        (datetime(2026, 3, 1, 13, tzinfo=UTC), 2),
    ]
    with sessions() as session:
        assert session.scalars(select(Publication.installs)).one() == 3


def test_installs_at_one_moment_all_count(sessions: sessionmaker[Session]) -> None:
    version = publish(sessions)

    def install(_: int) -> None:
        with writing(sessions) as session:
            record_install(session, version, NOON)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(install, range(12)))

    assert hours(sessions) == [(datetime(2026, 3, 1, 12, tzinfo=UTC), 12)]


def test_an_hour_is_one_of_utc() -> None:
    ahead = timezone(timedelta(hours=5, minutes=30))

    assert hour_of(datetime(2026, 3, 1, 0, 15, tzinfo=ahead)) == datetime(
        2026, 2, 28, 18, tzinfo=UTC
    )
