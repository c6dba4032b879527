"""Inserts that say what is to be done where the row is there already, in each database's words."""

from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite


def upsert_into(session: Session, table: Any) -> "postgresql.Insert | sqlite.Insert":
    """Begin an insert for the session's database, which has `on_conflict_do_update` and the like.

    Args:
        session: of the database that will run it.
        table: a table, or the model of one.
    """
    # Only the dialect in use is loaded: PostgreSQL's is nine modules with all its drivers, which a
    # server on SQLite never needs.
    if session.get_bind().dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415 -- see above

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite  # noqa: PLC0415 -- see above

    return sqlite.insert(table)
