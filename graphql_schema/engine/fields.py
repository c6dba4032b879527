"""How object types say where their fields come from.

A type names its model with `entity`, and its fields with `column`, `one`, `many`, `connection` and
`part`. That is all there is to say: the compiler makes SQL of it, and the same declaration is the
field's ordinary resolver, with one query per field (see `fieldwise.py`).
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from inspect import cleandoc
from typing import Any, ClassVar, TypeVar, dataclass_transform

import strawberry
from sqlalchemy import ColumnElement, Text, cast, literal
from sqlalchemy.orm import InstrumentedAttribute, Session
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from graphql_schema.engine.paging import Order
from graphql_schema.engine.rows import Declared, Entity, Link
from registry.models import Base
from registry.rules.viewer import Viewer

T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class Column:
    """A field that is an SQL expression over its type's model."""

    # A function of the aliased model; it may name `viewer` as well.
    expression: Declared
    # Where the expression is just a column: the attribute's name.
    attribute: str | None = None


@dataclasses.dataclass(frozen=True)
class Part:
    """A field that groups some of its type's own fields in an object type of their own."""


@dataclasses.dataclass(frozen=True)
class Computed:
    """A field whose JSON value Python works out, and binds into the statement."""

    compute: Callable[[Session], Any]
    # How many rows the cost reckons with.
    expected: int


@dataclasses.dataclass(frozen=True)
class One:
    """A field that leads to at most one row of another type's model."""

    where: Declared
    visible_already: bool = False
    # Decides at the root, before any query, whether there is an answer for this viewer at all.
    admits: Callable[[Viewer], bool] | None = None


@dataclasses.dataclass(frozen=True)
class Many:
    """A field that is a list of rows without pages: for what has few of them by its nature."""

    where: Declared
    # The keys, as a function of the row's alias.
    order: Declared
    # How many rows the cost reckons with.
    expected: int


@dataclasses.dataclass(frozen=True)
class Connected:
    """A field that is a Relay connection."""

    where: Declared | None
    link: Link | None
    # The first is the default; the others by the value of the field's `order_by` argument.
    orders: Mapping[Any, Order]
    page_size: int
    visible_already: bool = False

    def order(self, wanted: Any) -> Order:
        """Find the order that an `order_by` argument asks for; None asks for the default."""
        if wanted is None:
            return next(iter(self.orders.values()))
        return dataclasses.replace(self.orders[wanted.field], descending=wanted.descending)


@dataclasses.dataclass(frozen=True)
class ByGlobalId:
    """The root field that finds a row of any type by its global id."""


Source = Column | Part | Computed | One | Many | Connected | ByGlobalId


class SqlField(StrawberryField):
    """A field that the engine answers."""

    # Set by `graphql_schema.engine.fieldwise`, which stands above this module.
    resolve: ClassVar[Callable[..., Any]]

    def __init__(self, *args: Any, source: Source | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        # No part of what the type is made with, where it is made at all (a mutation's payload).
        self.init = self.repr = self.compare = False
        self.source = source

    def __copy__(self) -> "SqlField":
        """Copy, as Strawberry does for each concrete type of a generic one."""
        copied: SqlField = super().__copy__()
        copied.source = self.source
        return copied

    @property
    def is_basic_field(self) -> bool:
        """Tell Strawberry to call `get_result` with the arguments."""
        return False

    def get_result(self, source: Any, info: Any, args: list[Any], kwargs: Any) -> Any:  # noqa: ARG002 -- the signature is Strawberry's
        """Resolve this one field with one query, as graphql-core asks for it."""
        return SqlField.resolve(self, source, info, kwargs)


@dataclass_transform()
def entity(
    model: type[Base],
    *,
    name: str | None = None,
    visible: Callable[[Any, Viewer], ColumnElement[bool]] | None = None,
) -> Callable[[type[T]], type[T]]:
    """Make an object type of rows of a model; its docstring is its description.

    Args:
        model: the model.
        name: what it is called in the schema, if not as the class.
        visible: which rows a viewer sees; holds on every path that leads to the type.
    """

    def decorate(cls: type[T]) -> type[T]:
        declared: Any = cls
        declared.entity = Entity(model, visible)
        # For `... on Type` below an interface, when graphql-core itself completes a row.
        declared.is_type_of = lambda row, _info: isinstance(row, model)
        return strawberry.type(cls, name=name, description=cleandoc(cls.__doc__ or ""))

    return decorate


def column(
    expression: InstrumentedAttribute[Any] | Declared,
    description: str,
    *,
    name: str | None = None,
    deprecation_reason: str | None = None,
) -> Any:
    """Declare a field that is a column of the type's model, or an SQL expression over its alias."""
    if isinstance(expression, InstrumentedAttribute):
        key = expression.key
        source = Column(lambda alias: getattr(alias, key), attribute=key)
    else:
        source = Column(expression)
    return SqlField(
        source=source,
        graphql_name=name,
        description=description,
        deprecation_reason=deprecation_reason,
    )


def global_id(prefix: str, key: InstrumentedAttribute[int]) -> Any:
    """Declare `id`: the type's name and the row's key, which no other row ever gets."""

    def expression(alias: Any) -> ColumnElement[str]:
        return literal(f"{prefix}:") + cast(getattr(alias, key.key), Text)

    return SqlField(
        source=Column(expression), description="The global id: opaque, and the same for ever."
    )


def part(description: str) -> Any:
    """Declare a field that groups fields; its type has the same model, or at the root none."""
    return SqlField(source=Part(), description=description)


def computed(compute: Callable[[Session], Any], description: str, *, expected: int) -> Any:
    """Declare a field below a root part whose JSON value a function of the session gives.

    Args:
        compute: the function.
        description: what the API's users read.
        expected: how many rows it may read, for the cost.
    """
    return SqlField(source=Computed(compute, expected), description=description)


def one(
    where: Declared,
    description: str,
    *,
    arguments: Sequence[StrawberryArgument] = (),
    visible_already: bool = False,
    admits: Callable[[Viewer], bool] | None = None,
) -> Any:
    """Declare a field that leads to at most one row.

    Args:
        where: which one, as a function of the parent's alias (but at the root) and the row's; it
            may name `viewer` and the field's arguments as well.
        description: what the API's users read.
        arguments: the field's arguments.
        visible_already: whether who gets here sees the row, so that it need not be asked.
        admits: at the root: whether this viewer gets an answer at all, or an error.
    """
    return _field(One(where, visible_already, admits), description, arguments)


def many(
    where: Declared,
    description: str,
    *,
    order: Declared,
    expected: int,
) -> Any:
    """Declare a field that is a list without pages, for what has few rows by its nature.

    Args:
        where: which rows, as a function of the parent's alias and the row's.
        description: what the API's users read.
        order: what they are ordered by, as a function of the row's alias.
        expected: how many there may be, for the cost.
    """
    return _field(Many(where, order, expected), description, ())


def connection(
    where: Declared | None,
    description: str,
    *,
    orders: Mapping[Any, Order],
    link: Link | None = None,
    filter_by: Any = None,
    order_by: Any = None,
    arguments: Sequence[StrawberryArgument] = (),
    page_size: int = 20,
    visible_already: bool = False,
) -> Any:
    """Declare a field that is a Relay connection.

    Args:
        where: which rows, as a function of the parent's alias (but at the root), the link's (if
            there is one) and the row's; None for all.
        description: what the API's users read.
        orders: the orders that `order_by` chooses from, by its `field`; the first is the default.
        link: the table between parent and rows, if there is one.
        filter_by: an input type with `conditions(alias, viewer)`.
        order_by: an input type with `field` and `descending`.
        arguments: further arguments, for `where`.
        page_size: how many nodes a page has where the query does not say.
        visible_already: whether who gets here sees all rows, so that it need not be asked.
    """
    given = list(arguments)
    if filter_by is not None:
        given.append(argument("filter", filter_by | None, "Which of them."))
    if order_by is not None:
        given.append(argument("order_by", order_by | None, "In what order."))
    given += _page_arguments(page_size)
    source = Connected(where, link, orders, page_size, visible_already)
    return _field(source, description, given)


def by_global_id(description: str, *, arguments: Sequence[StrawberryArgument]) -> Any:
    """Declare the root field `node`."""
    return _field(ByGlobalId(), description, arguments)


def argument(name: str, annotation: Any, description: str) -> StrawberryArgument:
    """Make an argument of a field; one that may be null may be left out as well."""
    return StrawberryArgument(
        python_name=name,
        graphql_name=None,
        type_annotation=StrawberryAnnotation(annotation),
        description=description,
    )


def _page_arguments(page_size: int) -> list[StrawberryArgument]:
    first = f"How many of the first; {page_size} if neither this nor `last` is given."
    return [
        argument("first", int | None, first),
        argument("after", str | None, "The cursor after which the page begins."),
        argument("last", int | None, "How many of the last."),
        argument("before", str | None, "The cursor before which the page ends."),
    ]


def _field(source: Source, description: str, arguments: Sequence[StrawberryArgument]) -> SqlField:
    field = SqlField(source=source, description=description)
    field.arguments = list(arguments)
    return field
