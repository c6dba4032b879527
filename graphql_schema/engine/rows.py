"""The rows that a relation leads to, as both ways of answering read them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from inspect import signature
from typing import Any, cast

from sqlalchemy import ColumnElement, FromClause, Select, inspect, join, select, true, union_all

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
    return declared(*entities, **{name: given.get(name) for name in names})


def key_name(model: type[Base]) -> str:
    """Name the attribute that is a model's primary key, which is one column."""
    (column,) = inspect(model).primary_key
    return str(column.key)


class TableAlias:
    """A model's table under another name; its attributes are the model's, as in SQLAlchemy's own.

    An alias of the table instead of the model: the compiler has nothing to load, and statements of
    plain tables are compiled in two thirds of the time.
    """

    def __init__(self, model: type[Base], name: str) -> None:
        mapper = inspect(model)
        self.selectable = mapper.local_table.alias(name)
        for attribute in mapper.column_attrs:
            setattr(self, attribute.key, self.selectable.c[attribute.columns[0].key])

    def __clause_element__(self) -> FromClause:
        """Stand in SQL expressions."""
        return self.selectable


@cache
def alias_at(model: type[Base], level: int, role: str = "") -> Any:
    """Give the alias of a model for a level of nesting; the same one each time.

    Subqueries beside each other may share an alias, those inside one another must not. Aliases made
    anew for each subquery would be most of the work of planning.
    """
    # No name that SQLAlchemy would think of itself.
    return TableAlias(model, f"{model.__tablename__}_l{level}{role}")


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
    """A table between parent and child, and its column that refers to the child's key."""

    model: type[Base]
    key: str
    # A table of the same columns whose rows count as well, none of which is in both: where the
    # field's argument `also_if` is true.
    also: type[Base] | None = None
    also_if: str = ""


class UnitedLinks:
    """The rows of a link's two tables that belong to one parent, as an alias of one table.

    The tie is inside of both, where each database finds their own keys; so who reads this must not
    ask for it again.
    """

    def __init__(
        self,
        link: Link,
        level: int,
        tie: Callable[[Any], ColumnElement[bool]],
        parent: Any,
        parent_key: ColumnElement[bool] | None,
    ) -> None:
        columns = [attribute.key for attribute in inspect(link.model).column_attrs]
        statements = []
        for model in (link.model, link.also):
            alias = alias_at(cast("type[Base]", model), level)
            statement = select(*(getattr(alias, key).label(key) for key in columns))
            statement = statement.where(tie(alias))
            if parent_key is None:
                statements.append(statement.select_from(alias).correlate(parent))
            else:
                together = join(parent, alias, true())
                statements.append(statement.select_from(together).where(parent_key))
        name = f"{link.model.__tablename__}_l{level}u"
        self.selectable = union_all(*statements).subquery(name)
        for key in columns:
            setattr(self, key, self.selectable.c[key])

    def __clause_element__(self) -> FromClause:
        """Stand in SQL expressions."""
        return self.selectable


@dataclass(frozen=True)
class Rows:
    """Rows of a model under conditions, for any number of subqueries beside each other."""

    entity: Entity
    child: Any
    link: Any
    # The child's primary key: its own column, or the link's that refers to it.
    key: ColumnElement[Any]
    # What ties the rows to the parent, and what is asked of the rows themselves.
    ties: tuple[ColumnElement[bool], ...]
    demands: tuple[ColumnElement[bool], ...]
    # The parent's alias; None at the root.
    parent: Any
    level: int
    # Where the parent is not part of an outer query but a row that is at hand: its key's value.
    parent_key: ColumnElement[bool] | None

    @property
    def entities(self) -> tuple[Any, ...]:
        """The aliases that declared orders are functions of."""
        return (self.child,) if self.link is None else (self.link, self.child)

    def select(self, *columns: Any) -> Select[Any]:
        """Select columns of these rows."""
        return self._select(columns, whole=True)

    def select_keys(self, *columns: Any) -> Select[Any]:
        """Select columns that, where there is a link, are the link's: without reading the rows.

        A package's thousand commits are counted in one index, and none of them is looked up.
        """
        return self._select(columns, whole=self.link is None or bool(self.demands))

    def _select(self, columns: Sequence[Any], *, whole: bool) -> Select[Any]:
        source = self.child
        if self.link is not None:
            on = self.entity.key(self.child) == self.key
            source = join(self.link, self.child, on) if whole else self.link
        statement = select(*columns).where(*self.ties, *(self.demands if whole else ()))
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
    level: int,
) -> Rows:
    """Make the rows of `entity` that `where` ties to the parent, and that the viewer sees.

    Args:
        entity: what the rows are.
        parent: the alias of the parent's model; None at the root.
        parent_key: says which row the parent is, where no outer query does.
        link: the table between the two, if there is one.
        where: the declared condition, a function of the parent (but at the root) and the child,
            or the link if there is one.
        visible_already: whether who gets as far as here sees all these rows, so that it need not
            be asked.
        viewer: who is asking.
        arguments: the field's arguments, by their Python names; a `filter` restricts further.
        level: how deep the rows' query is inside others; the parent's is less.
    """
    child = alias_at(entity.model, level)

    def tie(tied: Any) -> Any:
        entities = [tied] if parent is None else [parent, tied]
        return call_declared(where, entities, viewer, arguments) if where else true()

    ties: list[ColumnElement[bool]] = []
    between: Any = None
    if link is not None and link.also is not None and arguments.get(link.also_if):
        between = UnitedLinks(link, level, tie, parent, parent_key)
        if parent_key is not None:
            # The parent is in there.
            parent = parent_key = None
    else:
        between = alias_at(link.model, level) if link else None
        if where is not None:
            ties.append(tie(child if between is None else between))
    key = getattr(between, link.key) if link else entity.key(child)
    demands: list[ColumnElement[bool]] = []
    if entity.visible is not None and not visible_already:
        demands.append(entity.visible(child, viewer))
    if (wanted := arguments.get("filter")) is not None:
        demands += wanted.conditions(child, viewer)
    return Rows(entity, child, between, key, tuple(ties), tuple(demands), parent, level, parent_key)
