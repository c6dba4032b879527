"""How each database writes JSON: as text, put together from pieces.

Both databases have functions that make JSON values, but writing the text is as fast as the fastest
of them on PostgreSQL and twice as fast on SQLite (which reads and checks nested JSON at each level
of nesting), takes any number of members with keys of any length, and is one way for both.

Everything here makes SQL expressions whose value is JSON text, never NULL.
"""

from collections.abc import Sequence
from functools import reduce
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
    literal,
    not_,
    type_coerce,
)

from registry.models.base import Timestamp

# SQLite's parser gives up on chains of a thousand operators; a chain of chains is shallow.
_CHAIN = 32


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
            text = literal('"') + self._timestamp(expression) + literal('"')
        elif isinstance(kind, LargeBinary):
            text = literal('"') + self._hexadecimal(expression) + literal('"')
        elif isinstance(kind, JSON | Integer):
            text = cast(expression, Text)
        else:
            return self._quote(expression, nullable=nullable)
        return func.coalesce(text, "null") if nullable else text

    def object_of(self, members: Sequence[tuple[str, ColumnElement[str]]]) -> ColumnElement[str]:
        """Write an object; keys are GraphQL names, which need no escapes."""
        pieces: list[ColumnElement[str]] = []
        before = "{"
        for key, value in members:
            pieces += [literal(f'{before}"{key}":'), value]
            before = ","
        return _concatenate([*pieces, literal("}")])

    def array_of(self, rows: ColumnElement[str]) -> ColumnElement[str]:
        """Write an array of what an aggregate's rows hold, which is JSON text already."""
        joined = self._join(rows)
        return func.coalesce(literal("[") + joined + literal("]"), "[]")

    def or_null(self, value: ScalarSelect[str]) -> ColumnElement[str]:
        """Write `null` where a subquery finds no row."""
        return func.coalesce(value, "null")

    def opaque(self, text: ColumnElement[str]) -> ColumnElement[str]:
        """Write a text in hexadecimal digits, as a JSON string."""
        return literal('"') + self._hexadecimal(self._bytes(text)) + literal('"')

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
        return func.coalesce(text, "null") if nullable else text

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
        return case((expression, "true"), (not_(expression), "false"), else_="null")
    return case((expression, "true"), else_="false")


def _concatenate(pieces: Sequence[ColumnElement[str]]) -> ColumnElement[str]:
    while len(pieces) > _CHAIN:
        pieces = [
            _concatenate(pieces[start : start + _CHAIN]).self_group()
            for start in range(0, len(pieces), _CHAIN)
        ]
    return reduce(lambda left, right: left + right, pieces)
