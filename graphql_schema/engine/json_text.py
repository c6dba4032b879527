"""How each database writes JSON: as text, put together from pieces.

Both databases have functions that make JSON values, but writing the text is as fast as the fastest
of them on PostgreSQL and twice as fast on SQLite (which reads and checks nested JSON at each level
of nesting), takes any number of members with keys of any length, and is one way for both.

Everything here makes SQL expressions whose value is JSON text, never NULL.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    ColumnElement,
    Integer,
    LargeBinary,
    ScalarSelect,
    Text,
    case,
    cast,
    func,
    not_,
    type_coerce,
)

from graphql_schema.engine.texts import Piece, as_is, concatenate
from registry.models.base import Timestamp
from registry.statements.json_words import JsonWords, json_words_of


class JsonText:
    """What both databases write alike."""

    # Whether the database works out a row's columns only after it has sorted and cut the rows.
    computes_late: bool
    # What it calls the functions that all of it is made with.
    words: JsonWords

    def value(self, expression: ColumnElement[Any], *, nullable: bool) -> ColumnElement[str]:
        """Write one value, by the type of the expression."""
        kind = expression.type
        if isinstance(kind, Boolean):
            return _boolean(expression, nullable=nullable)
        if isinstance(kind, Timestamp):
            text = _quoted(self.words.time(expression))
        elif isinstance(kind, LargeBinary):
            text = _quoted(self._hexadecimal(expression))
        elif isinstance(kind, JSON | Integer):
            text = cast(expression, Text)
        else:
            text = self.words.quote(expression)
            nullable = nullable and not self.words.quotes_null
        return func.coalesce(text, as_is("null")) if nullable else text

    def object_of(self, members: Sequence[tuple[str, ColumnElement[str]]]) -> ColumnElement[str]:
        """Write an object; keys are GraphQL names, which need no escapes."""
        if not members:
            # All that was selected was skipped.
            return as_is("{}")
        pieces: list[Piece] = []
        before = "{"
        for key, value in members:
            pieces += [f'{before}"{key}":', value]
            before = ","
        return concatenate(*pieces, "}")

    def array_of(self, rows: ColumnElement[str]) -> ColumnElement[str]:
        """Write an array of what an aggregate's rows hold, which is JSON text already."""
        joined = self.words.join(rows)
        return func.coalesce(concatenate("[", joined, "]"), as_is("[]"))

    def or_null(self, value: ScalarSelect[str]) -> ColumnElement[str]:
        """Write `null` where a subquery finds no row."""
        return func.coalesce(value, as_is("null"))

    def opaque(self, text: ColumnElement[str]) -> ColumnElement[str]:
        """Write a text in hexadecimal digits, as a JSON string."""
        return _quoted(self._hexadecimal(self._bytes(text)))

    def _bytes(self, text: ColumnElement[str]) -> ColumnElement[Any]:
        raise NotImplementedError

    def _hexadecimal(self, value: ColumnElement[Any]) -> ColumnElement[str]:
        raise NotImplementedError


class PostgresqlJsonText(JsonText):
    """PostgreSQL."""

    computes_late = True
    words = json_words_of("postgresql")

    def _bytes(self, text: ColumnElement[str]) -> ColumnElement[Any]:
        return func.convert_to(text, "UTF8", type_=LargeBinary)

    def _hexadecimal(self, value: ColumnElement[Any]) -> ColumnElement[str]:
        return func.encode(value, "hex", type_=Text)


class SqliteJsonText(JsonText):
    """SQLite."""

    computes_late = False
    words = json_words_of("sqlite")

    def _bytes(self, text: ColumnElement[str]) -> ColumnElement[Any]:
        return type_coerce(text, LargeBinary)

    def _hexadecimal(self, value: ColumnElement[Any]) -> ColumnElement[str]:
        return func.lower(func.hex(value), type_=Text)


def json_text_of(dialect: str) -> JsonText:
    """Choose by the name of SQLAlchemy's dialect."""
    return PostgresqlJsonText() if dialect == "postgresql" else SqliteJsonText()


def _boolean(expression: ColumnElement[Any], *, nullable: bool) -> ColumnElement[str]:
    if nullable:
        otherwise: ColumnElement[str] = case(
            (not_(expression), as_is("false")), else_=as_is("null")
        )
    else:
        otherwise = as_is("false")
    return case((expression, as_is("true")), else_=otherwise)


def _quoted(text: ColumnElement[str]) -> ColumnElement[str]:
    return concatenate('"', text, '"')
