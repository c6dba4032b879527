"""Statements that are compiled once.

SQLAlchemy keeps what it compiled too, but to find it there it makes the statement and looks at all
of it each time: for most reads, that takes longer than the database does.
"""

from typing import Any, NamedTuple

from sqlalchemy import CursorResult, Select
from sqlalchemy.orm import Session


class Prepared(NamedTuple):
    """A statement in its driver's words, and the values of its parameters that never change."""

    text: str
    constants: dict[str, Any]

    def run(self, session: Session, **values: Any) -> CursorResult[*tuple[Any, ...]]:
        """Run it in a session's transaction; rows hold what the driver gives, by column name.

        Args:
            session: the transaction that reads.
            values: those of its other parameters, as the driver takes them.
        """
        return session.connection().exec_driver_sql(self.text, {**self.constants, **values})


def prepare(dialect: Any, statement: Select[*tuple[Any, ...]]) -> Prepared:
    """Compile a statement for a dialect; its values are named `bindparam`s."""
    if dialect.name == "sqlite":
        # Its driver takes parameters by name too, in this style.
        dialect = type(dialect)(paramstyle="named")
    compiled = statement.compile(dialect=dialect)
    return Prepared(str(compiled), dict(compiled.params))
