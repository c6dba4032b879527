"""Relay's connections over keysets: orders, pages, cursors.

A cursor holds the order's name and the key of a row in it, so a page goes on after a row, not
after a number of rows: rows that come and go elsewhere do not shift it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from inspect import signature
from typing import Any

import orjson
from sqlalchemy import (
    ColumnElement,
    Integer,
    LargeBinary,
    Select,
    Subquery,
    false,
    literal,
    or_,
    tuple_,
    type_coerce,
)
from sqlalchemy.types import TypeEngine

from graphql_schema.engine.json_text import JsonText
from graphql_schema.engine.parameters import then
from graphql_schema.engine.rows import Declared, Rows
from graphql_schema.engine.texts import Piece, concatenate
from registry.errors import InvalidInput
from registry.models.base import Timestamp
from registry.rules.times import EARLIEST, LATEST


@dataclass(frozen=True)
class Order:
    """A total order of rows: all keys rise, or all fall."""

    # Stands in cursors: a cursor of one order is no place in another.
    name: str
    # A function of the rows' alias, or of the link's and theirs; one that names the link alone
    # is read without the rows. The last key tells all rows apart, and none is ever NULL.
    keys: Declared
    descending: bool = False

    def keys_of(self, rows: Rows) -> tuple[ColumnElement[Any], ...]:
        """Give the keys' columns."""
        named = len(signature(self.keys).parameters)
        return tuple(self.keys(*rows.entities[:named]))

    def is_of_rows(self, rows: Rows) -> bool:
        """Tell whether the keys can only be read with the rows."""
        return len(signature(self.keys).parameters) == len(rows.entities)


@dataclass(frozen=True)
class PageArguments:
    """A connection's paging arguments."""

    first: int | None = None
    after: Any = None
    last: int | None = None
    before: Any = None


@dataclass(frozen=True)
class PageLimits:
    """How many nodes a page has where the query does not say, and at most."""

    default: int
    most: int


class Page:
    """One page of rows, as subqueries that both ways of answering select from."""

    def __init__(
        self, rows: Rows, order: Order, arguments: PageArguments, limits: PageLimits
    ) -> None:
        """Raise InvalidInput where the arguments ask for no page, or too large a one."""
        self.rows = rows
        self.order = order
        self.backward = arguments.last is not None
        self.size = _size_of(arguments, limits)
        self._keys: tuple[ColumnElement[Any], ...] = order.keys_of(rows)
        self._after = self._place(arguments.after, "after")
        self._before = self._place(arguments.before, "before")

    def select(self, *columns: Any) -> Select[Any]:
        """Select from the page's rows: in order, or against it for a page that goes backward."""
        return self._cut(self.rows.select(*columns))

    def keys(self) -> Subquery:
        """Select the page's primary keys and order keys, as `id`, `k0`, `k1` and so on."""
        keys = [key.label(f"k{position}") for position, key in enumerate(self._keys)]
        return self._cut(self._select_keys(self.rows.key.label("id"), *keys)).subquery()

    def order_of(self, keys: Subquery, *, reverse: bool = False) -> list[ColumnElement[Any]]:
        """Order what is selected from `keys()`."""
        columns = [keys.c[f"k{position}"] for position in range(len(self._keys))]
        return self._ordered(columns, reverse=reverse)

    def cursor(self, json: JsonText, keys: Subquery | None = None) -> ColumnElement[str]:
        """Write the cursor of a row, of the rows themselves or of what `keys()` selects."""
        columns: Sequence[ColumnElement[Any]] = self._keys
        if keys is not None:
            columns = [
                type_coerce(keys.c[f"k{position}"], key.type)
                for position, key in enumerate(self._keys)
            ]
        pieces: list[Piece] = [f'["{self.order.name}"']
        for column in columns:
            pieces += [",", json.value(column, nullable=False)]
        return json.opaque(concatenate(*pieces, "]"))

    def has_next(self) -> ColumnElement[bool]:
        """Tell whether there are rows after the page's last."""
        beyond = self._beyond(self._before, later=True)
        return beyond if self.backward else or_(self._more(), beyond)

    def has_previous(self) -> ColumnElement[bool]:
        """Tell whether there are rows before the page's first."""
        beyond = self._beyond(self._after, later=False)
        return or_(self._more(), beyond) if self.backward else beyond

    def _select_keys(self, *columns: Any) -> Select[Any]:
        whole = self.order.is_of_rows(self.rows)
        return (self.rows.select if whole else self.rows.select_keys)(*columns)

    def _cut(self, statement: Select[Any]) -> Select[Any]:
        ordered = self._ordered(reverse=self.backward)
        return self._between(statement).order_by(*ordered).limit(self.size)

    def _between(self, statement: Select[Any]) -> Select[Any]:
        if self._after is not None:
            statement = statement.where(self._compare(self._after, later=True))
        if self._before is not None:
            statement = statement.where(self._compare(self._before, later=False))
        return statement

    def _more(self) -> ColumnElement[bool]:
        rows = self._between(self._select_keys(literal(1)))
        return rows.limit(1).offset(self.size).exists()

    def _beyond(self, place: ColumnElement[Any] | None, *, later: bool) -> ColumnElement[bool]:
        if place is None:
            return false()
        # The row at the place itself is beyond the page as well.
        within = self._compare(place, later=not later)
        return self._select_keys(literal(1)).where(~within).exists()

    def _ordered(
        self, keys: Sequence[ColumnElement[Any]] | None = None, *, reverse: bool
    ) -> list[ColumnElement[Any]]:
        falling = self.order.descending != reverse
        return [key.desc() if falling else key.asc() for key in keys or self._keys]

    def _place(self, cursor: Any, argument: str) -> ColumnElement[Any] | None:
        if cursor is None:
            return None
        read = _CursorReader(argument, self.order.name, tuple(key.type for key in self._keys))
        return _row(
            [
                type_coerce(then(cursor, read.part(position)), key.type)
                for position, key in enumerate(self._keys)
            ]
        )

    def _compare(self, place: ColumnElement[Any], *, later: bool) -> ColumnElement[bool]:
        keys = _row(self._keys)
        return keys > place if later != self.order.descending else keys < place


def _row(columns: Sequence[ColumnElement[Any]]) -> ColumnElement[Any]:
    return tuple_(*columns) if len(columns) > 1 else columns[0]


def _size_of(arguments: PageArguments, limits: PageLimits) -> int:
    first, last = arguments.first, arguments.last
    if first is not None and last is not None:
        raise InvalidInput("Give `first` or `last`, not both.", code="invalid_page")
    name, size = ("last", last) if last is not None else ("first", first)
    if size is None:
        return min(limits.default, limits.most)
    if size < 0:
        raise InvalidInput(f"`{name}` must not be negative.", code="invalid_page")
    if size > limits.most:
        raise InvalidInput(
            f"`{name}` must be at most {limits.most}; ask for more with `after`.",
            code="page_too_large",
        )
    return size


@dataclass(frozen=True)
class _CursorReader:
    """Reads what `Page.cursor` wrote, which came back from anywhere."""

    argument: str
    order: str
    types: tuple[TypeEngine[Any], ...]

    def part(self, position: int) -> Any:
        """Make the function that reads one key out of a cursor."""
        return lambda cursor: self.read(cursor)[position]

    def read(self, cursor: str) -> list[Any]:
        try:
            order, *parts = orjson.loads(bytes.fromhex(cursor))
            if order == self.order and len(parts) == len(self.types):
                return [_read(part, kind) for part, kind in zip(parts, self.types, strict=True)]
        except (ValueError, TypeError):
            pass
        raise InvalidInput(
            f"`{self.argument}` is no cursor of this connection in this order.",
            code="invalid_cursor",
        )


def _read(part: Any, kind: TypeEngine[Any]) -> Any:
    if isinstance(kind, Integer):
        if type(part) is int and -(2**63) <= part < 2**63:
            return part
    elif isinstance(part, str) and "\0" not in part:
        if isinstance(kind, LargeBinary):
            return bytes.fromhex(part)
        if not isinstance(kind, Timestamp):
            return part
        moment = datetime.fromisoformat(part)
        if moment.tzinfo is not None and EARLIEST <= moment <= LATEST:
            return moment
    raise ValueError
