"""JSON as each database writes it: text, put together from pieces.

Both databases have functions that make JSON values. Writing the text is as fast as the fastest of
them, takes any number of members, and keeps what is JSON already as it is.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    ColumnElement,
    Dialect,
    Integer,
    ScalarSelect,
    Select,
    Text,
    case,
    cast,
    func,
    select,
)

from registry.models.base import Timestamp
from registry.statements.json_words import JsonWords, json_words_of


@dataclass(frozen=True)
class Sometimes:
    """A member that an object has only under a condition; never the first one."""

    condition: ColumnElement[bool]
    column: Any


@dataclass(frozen=True)
class Written:
    """A member whose value is JSON text already."""

    text: ColumnElement[str] | ScalarSelect[str]


class JsonText:
    """Makes SQL expressions whose value is JSON text."""

    def __init__(self, words: JsonWords) -> None:
        """Write with the words of a database."""
        self._words = words

    def value(self, column: Any) -> ColumnElement[str]:
        """Write a column's value by its type; `null` for NULL."""
        if isinstance(column.type, Boolean):
            return case((column, "true"), else_="false")
        if isinstance(column.type, Timestamp):
            column = self.time(column)
        elif isinstance(column.type, Integer | JSON):
            return func.coalesce(cast(column, Text), "null")
        quoted = self._words.quote(column)
        return quoted if self._words.quotes_null else func.coalesce(quoted, "null")

    def time(self, column: Any) -> ColumnElement[str]:
        """Give a timestamp in the contract's format, as a text and not as JSON."""
        return self._words.time(column)

    def object_of(self, **members: Any) -> ColumnElement[str]:
        """Write an object of these members, in this order: columns, `Written` or `Sometimes`."""
        written: Any = ""
        for position, (key, member) in enumerate(members.items()):
            name = f'{"," if position else "{"}"{key}":'
            if isinstance(member, Sometimes):
                piece = cast(name, Text) + self.value(member.column)
                written = written + case((member.condition, piece), else_="")
            elif isinstance(member, Written):
                written = written + name + member.text
            else:
                written = written + name + self.value(member)
        return cast(written + "}", Text)

    def array_of(self, rows: Select[*tuple[Any, ...]], *around: Any) -> ScalarSelect[str]:
        """Write an array of the JSON texts that a statement gives as its first column, in order.

        Args:
            rows: the statement.
            around: the tables of queries around it to which it refers.
        """
        found = (rows.correlate(*around) if around else rows).subquery()
        joined = self._words.join(next(iter(found.c)))
        array = func.coalesce(cast("[", Text) + joined + "]", "[]", type_=Text)
        return select(array).scalar_subquery()


def json_text_of(dialect: Dialect) -> JsonText:
    """Give what writes JSON in a dialect."""
    return JsonText(json_words_of(dialect.name))
