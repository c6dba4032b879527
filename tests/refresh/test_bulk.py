"""Rows that are written while their caller goes on."""

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from registry.database import begin_writing
from registry.models import Commit, Departure, Workspace
from registry.refresh.bulk import RowsOf, RowWriter

COLUMNS = ("commit_id", "path", "name")
NEW_YEAR = datetime(2020, 1, 1, tzinfo=UTC)


def departures(*numbers: int) -> list[RowsOf]:
    return [(Departure, COLUMNS, [(1, f"packages/{number}", "name") for number in numbers])]


def catalogued(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(connection.scalars(select(Departure.path)))


@pytest.fixture
def ready(engine: Engine) -> Engine:
    """Give a database with the commit number 1."""
    with Session(engine) as session:
        session.add(Workspace(id=1, path="/acme", bare=False))
        session.flush()
        texts = dict.fromkeys(("hash", "author_name", "author_email", "message", "type"), "x")
        dates = dict.fromkeys(("date", "authored_date"), NEW_YEAR)
        session.add(Commit(id=1, workspace_id=1, **texts, **dates))
        session.commit()
    return engine


def test_all_rows_are_there_after_waiting(ready: Engine) -> None:
    with ready.connect() as connection:
        transaction = begin_writing(connection)
        with RowWriter(connection) as rows:
            rows.write(departures(*range(3000)))
            rows.write(departures(*range(3000, 3010)))
            rows.write([])
            rows.wait()
        transaction.commit()

    assert catalogued(ready) == {f"packages/{number}" for number in range(3010)}


def test_rows_that_cannot_be_written_are_told_of(ready: Engine) -> None:
    def write_twice(rows: RowWriter) -> None:
        rows.write(departures(1, 1))
        rows.wait()

    with ready.connect() as connection:
        transaction = begin_writing(connection)
        # The driver's own error: no statement of SQLAlchemy's is run.
        failure = ready.dialect.loaded_dbapi.IntegrityError
        with RowWriter(connection) as rows, pytest.raises(failure):
            write_twice(rows)
        transaction.rollback()

    assert catalogued(ready) == set()


def test_what_is_being_written_is_waited_for_before_a_rollback(ready: Engine) -> None:
    class InterruptedRefresh(Exception):
        pass

    def begin_and_fail(rows: RowWriter) -> None:
        with rows:
            rows.write(departures(*range(20_000)))
            raise InterruptedRefresh

    with ready.connect() as connection:
        transaction = begin_writing(connection)
        with pytest.raises(InterruptedRefresh):
            begin_and_fail(RowWriter(connection))
        assert [one.name for one in threading.enumerate() if one.name.startswith("rows")] == []
        transaction.rollback()

    assert catalogued(ready) == set()
