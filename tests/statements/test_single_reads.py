"""Single statements: each sees the newest state, holds nothing, and ends in time."""

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlalchemy.orm import Session, sessionmaker

from registry.database import writing
from registry.models import Revision
from registry.statements.single_reads import SingleReads
from registry.web.database import explain_database_error
from registry.web.errors import QueryTooSlow

NUMBER = "SELECT number FROM revision"
# What takes longer than anyone waits.
ENDLESS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT max(i) FROM n",
    "postgresql": "SELECT pg_sleep(30)",
}


@pytest.fixture
def reads(engine: Engine) -> SingleReads:
    return SingleReads(engine, read_timeout_ms=60_000)


def test_each_sees_what_was_committed_before_it(engine: Engine, reads: SingleReads) -> None:
    seen = []
    for _ in range(3):
        seen.append(reads.row(NUMBER)[0])
        with writing(sessionmaker(engine)):
            pass

    assert seen == [0, 1, 2]


def test_it_leaves_no_transaction_behind(engine: Engine, reads: SingleReads) -> None:
    reads.row(NUMBER)
    if engine.dialect.name == "sqlite":
        lent = engine.raw_connection()
        assert lent.driver_connection is not None
        assert not lent.driver_connection.in_transaction
        lent.close()
        return
    with Session(engine) as session:
        states = session.scalars(
            text(
                "SELECT state FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        ).all()
    assert states == ["idle"]


def test_values_are_bound(engine: Engine, reads: SingleReads) -> None:
    statement, values = (
        ("SELECT :text", {"text": "a'%b"})
        if engine.dialect.name == "sqlite"
        else ("SELECT %(text)s::text", {"text": "a'%b"})
    )
    assert tuple(reads.row(statement, values)) == ("a'%b",)


def test_an_error_is_sqlalchemys_and_hits_nobody_else(engine: Engine, reads: SingleReads) -> None:
    with pytest.raises(DBAPIError, match="nowhere"):
        reads.row("SELECT 1 FROM nowhere")

    assert reads.row(NUMBER)[0] == 0
    with Session(engine) as session:
        assert session.scalar(select(Revision.number)) == 0


@pytest.mark.parametrize("rows", [0, 2])
def test_it_must_be_one_row(reads: SingleReads, rows: int) -> None:
    union = " UNION ALL ".join(["SELECT 1"] * 2)
    with pytest.raises(InvalidRequestError, match="and not one"):
        reads.row(f"SELECT * FROM ({union}) AS two WHERE 1 = {rows // 2}")


def test_it_ends_in_time(engine: Engine, reads: SingleReads) -> None:
    hurried = SingleReads(engine, read_timeout_ms=100)
    with pytest.raises(DBAPIError) as caught:
        hurried.row(ENDLESS[engine.dialect.name])

    assert isinstance(explain_database_error(caught.value), QueryTooSlow)
    assert reads.row(NUMBER)[0] == 0


def test_a_connection_is_not_kept_after_a_large_answer(engine: Engine, reads: SingleReads) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite's driver keeps no room for answers")

    def answered_by(size: int) -> int:
        process, _ = reads.row(f"SELECT pg_backend_pid(), repeat('x', {size})")
        return int(process)

    small = answered_by(1_000)
    assert answered_by(1_000_000) == small
    assert answered_by(3_000_000) == small
    assert answered_by(1_000) != small


def test_its_connections_end_with_the_engines(engine: Engine, reads: SingleReads) -> None:
    lent = reads._engine.raw_connection()
    driver = lent.driver_connection
    lent.close()
    engine.dispose()

    assert driver is not None
    with pytest.raises(Exception, match="closed"):
        driver.execute(NUMBER)
