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


class JsonText:
    """What both databases write alike."""

    # Whether the database works out a row's columns only after it has sorted and cut the rows.
    computes_late: bool

    def value(self, expression: ColumnElement[Any], *, nullable: bool) -> ColumnElement[str]:
        """Write one value, by the type of the expression."""
        kind = expression.type
        if isinstance(kind, Boolean):
            return _boolean(expression, nullable=nullable)
        if isinstance(kind, Timestamp):
            text = _quoted(self._timestamp(expression))
        elif isinstance(kind, LargeBinary):
            text = _quoted(self._hexadecimal(expression))
        elif isinstance(kind, JSON | Integer):
            text = cast(expression, Text)
        else:
            return self._quote(expression, nullable=nullable)
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
        joined = self._join(rows)
        return func.coalesce(concatenate("[", joined, "]"), as_is("[]"))

    def or_null(self, value: ScalarSelect[str]) -> ColumnElement[str]:
        """Write `null` where a subquery finds no row."""
        return func.coalesce(value, as_is("null"))

    def opaque(self, text: ColumnElement[str]) -> ColumnElement[str]:
        """Write a text in hexadecimal digits, as a JSON string."""
        return _quoted(self._hexadecimal(self._bytes(text)))

    def _quote(self, expression: ColumnElement[Any], *, nullable: bool) -> ColumnElement[str]:
        raise NotImplementedError

    def _timestamp(self, moment: ColumnElement[Any]) -> ColumnElement[str]:
        raise NotImplementedError

    def _bytes(self, text: ColumnElement[str]) -> ColumnElement[Any]:
        raise NotImplementedError

    def _hexadecimal(self, value: ColumnElement[Any]) -> ColumnElement[str]:
        raise NotImplementedError

    def _join(self, rows: ColumnElement[str]) -> ColumnElement[str]:
        raise NotImplementedError


class PostgresqlJsonText(JsonText):
    """PostgreSQL 14 and later."""

    computes_late = True

    def _quote(self, expression: ColumnElement[Any], *, nullable: bool) -> ColumnElement[str]:
        text = cast(func.to_json(expression), Text)
        return func.coalesce(text, as_is("null")) if nullable else text

    def _timestamp(self, moment: ColumnElement[Any]) -> ColumnElement[str]:
        pattern = 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'
        return func.to_char(func.timezone("UTC", moment), pattern, type_=Text)

    def _bytes(self, text: ColumnElement[str]) -> ColumnElement[Any]:
        return func.convert_to(text, "UTF8", type_=LargeBinary)

    def _hexadecimal(self, value: ColumnElement[Any]) -> ColumnElement[str]:
        return func.encode(value, "hex", type_=Text)

    def _join(self, rows: ColumnElement[str]) -> ColumnElement[str]:
        return func.string_agg(rows, ",", type_=Text)


class SqliteJsonText(JsonText):
    """SQLite 3.38 and later, which have the JSON functions built in."""

    computes_late = False

    def _quote(self, expression: ColumnElement[Any], *, nullable: bool) -> ColumnElement[str]:  # noqa: ARG002 -- SQLite quotes NULL as `null` itself
        return func.json_quote(expression, type_=Text)

    def _timestamp(self, moment: ColumnElement[Any]) -> ColumnElement[str]:
        # Kept as the contract's text.
        return type_coerce(moment, Text)

    def _bytes(self, text: ColumnElement[str]) -> ColumnElement[Any]:
        return type_coerce(text, LargeBinary)

    def _hexadecimal(self, value: ColumnElement[Any]) -> ColumnElement[str]:
        return func.lower(func.hex(value), type_=Text)

    def _join(self, rows: ColumnElement[str]) -> ColumnElement[str]:
        return func.group_concat(rows, ",", type_=Text)


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
