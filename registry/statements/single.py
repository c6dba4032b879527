"""Statements of one row at most, which tell the revision of the data that they saw.

Where one is all that a request reads it needs no transaction, and no statement before it that asks
for the revision: that is a third of what a small read takes.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Dialect, Select, select

from registry.models import Revision
from registry.statements.prepared import Prepared, prepare

# What a row ends with: `revision_number` and `revision_epoch`.
_REVISION = (
    select(Revision.number).scalar_subquery().label("revision_number"),
    select(Revision.epoch).scalar_subquery().label("revision_epoch"),
)


class Reader(Protocol):
    """What runs a statement by itself."""

    @property
    def dialect(self) -> Dialect:
        """The database's."""
        ...

    def first(self, statement: str, values: Mapping[str, Any]) -> Sequence[Any] | None:
        """Give the first row of a statement in the driver's words; None: there is none."""
        ...


class SingleStatement(NamedTuple):
    """A statement compiled once, and the names that its row's columns have."""

    prepared: Prepared
    row: Any

    def run(self, reader: Reader, **values: Any) -> Any | None:
        """Give the row, its columns as attributes; None: there is none.

        Args:
            reader: what runs it.
            values: those of its parameters that change, as the driver takes them.
        """
        found = reader.first(self.prepared.text, {**self.prepared.constants, **values})
        return None if found is None else self.row._make(found)


def prepare_single(dialect: Dialect, statement: Select[*tuple[Any, ...]]) -> SingleStatement:
    """Compile a statement whose values are named `bindparam`s, and whose columns have names."""
    stamped = statement.add_columns(*_REVISION)
    columns = [(column.name, Any) for column in stamped.selected_columns]
    return SingleStatement(prepare(dialect, stamped), NamedTuple("Row", columns))
