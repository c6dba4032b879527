"""The rows that a relation leads to, as both ways of answering read them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import signature
from typing import Any

from sqlalchemy import ColumnElement, Select, inspect, select, true
from sqlalchemy.orm import aliased, join

from registry.models import Base
from registry.rules.viewer import Viewer

# A condition or expression as types declare it: a function of the aliased models that it is about.
# After those it may name `viewer`, and arguments of its field.
Declared = Callable[..., Any]


def call_declared(
    declared: Declared, entities: Sequence[Any], viewer: Viewer, arguments: Mapping[str, Any]
) -> Any:
    """Call what a type declares with the entities, and with what else it names."""
    given = {"viewer": viewer, **arguments}
    names = list(signature(declared).parameters)[len(entities) :]
    return declared(*entities, **{name: given[name] for name in names})


def key_name(model: type[Base]) -> str:
    """Name the attribute that is a model's primary key, which is one column."""
    (column,) = inspect(model).primary_key
    return str(column.key)


@dataclass(frozen=True)
class Entity:
    """What an object type is in the database."""

    model: type[Base]
    # Which rows a viewer sees, from whatever path they are reached: a function of the aliased
    # model and the viewer. None: all of them.
    visible: Callable[[Any, Viewer], ColumnElement[bool]] | None = None

    def key(self, alias: Any) -> ColumnElement[Any]:
        """Give the primary key's column of an alias."""
        key: ColumnElement[Any] = getattr(alias, key_name(self.model))
        return key


@dataclass(frozen=True)
class Link:
    """A table between parent and child: its model, and how a child belongs to its row."""

    model: type[Base]
    join: Declared


@dataclass(frozen=True)
class Rows:
    """Rows of a model under conditions; made anew for each subquery, as aliases are."""

    entity: Entity
    child: Any
    link: Any
    joined: ColumnElement[bool] | None
    conditions: tuple[ColumnElement[bool], ...]
    # The parent's alias, which the conditions speak of; None at the root.
    parent: Any
    # Where the parent is not part of an outer query but a row that is at hand: its key's value.
    parent_key: ColumnElement[bool] | None

    @property
    def entities(self) -> tuple[Any, ...]:
        """The aliases that declared orders are functions of."""
        return (self.child,) if self.link is None else (self.link, self.child)

    @property
    def key(self) -> ColumnElement[Any]:
        """The primary key's column."""
        return self.entity.key(self.child)

    def select(self, *columns: Any) -> Select[Any]:
        """Select columns of these rows."""
        source = self.child
        if self.joined is not None:
            source = join(self.link, self.child, self.joined)
        statement = select(*columns).where(*self.conditions)
        if self.parent_key is not None:
            together = join(self.parent, source, true())
            return statement.select_from(together).where(self.parent_key)
        statement = statement.select_from(source)
        return statement if self.parent is None else statement.correlate(self.parent)


def rows_of(
    entity: Entity,
    *,
    parent: Any,
    parent_key: ColumnElement[bool] | None = None,
    link: Link | None = None,
    where: Declared | None,
    visible_already: bool = False,
    viewer: Viewer,
    arguments: Mapping[str, Any],
) -> Rows:
    """Make the rows of `entity` that `where` ties to the parent, and that the viewer sees.

    Args:
        entity: what the rows are.
        parent: the alias of the parent's model; None at the root.
        parent_key: says which row the parent is, where no outer query does.
        link: the table between the two, if there is one.
        where: the declared condition, a function of parent (but at the root), link (if there is
            one) and child.
        visible_already: whether who gets as far as here sees all these rows, so that it need not
            be asked.
        viewer: who is asking.
        arguments: the field's arguments, by their Python names; a `filter` restricts further.
    """
    child = aliased(entity.model)
    between = aliased(link.model) if link else None
    entities = [alias for alias in (parent, between, child) if alias is not None]
    conditions: list[ColumnElement[bool]] = []
    if where is not None:
        conditions.append(call_declared(where, entities, viewer, arguments))
    if entity.visible is not None and not visible_already:
        conditions.append(entity.visible(child, viewer))
    if (wanted := arguments.get("filter")) is not None:
        conditions += wanted.conditions(child, viewer)
    joined = link.join(between, child) if link else None
    return Rows(entity, child, between, joined, tuple(conditions), parent, parent_key)
