"""The same fields resolved one by one, with one query each, as graphql-core asks for them.

No operation takes this way. It is the reference that tests hold the compiler to, and the baseline
that benchmarks measure it against.
"""

from functools import cached_property
from typing import Any, cast

from graphql import GraphQLObjectType, GraphQLResolveInfo, get_named_type
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from graphql_schema.engine.compiler import entity_of
from graphql_schema.engine.fields import (
    ByGlobalId,
    Column,
    Computed,
    Connected,
    Many,
    One,
    Part,
    SqlField,
)
from graphql_schema.engine.global_ids import parse_global_id
from graphql_schema.engine.json_text import json_text_of
from graphql_schema.engine.paging import Page, PageArguments, PageLimits
from graphql_schema.engine.relay import Edge, PageInfo
from graphql_schema.engine.rows import Entity, Rows, alias_at, call_declared, key_name, rows_of
from registry.models import Base
from registry.rules.viewer import Viewer


def resolve(field: SqlField, row: Base | None, info: Any, arguments: dict[str, Any]) -> Any:
    """Resolve a field of a row; None at the root."""
    raw: GraphQLResolveInfo[Any] = info._raw_info  # noqa: SLF001 -- Strawberry keeps the return type there
    return _Resolver(row, raw, arguments).resolve(field.source)


# Stands for the row of a part of the root: graphql-core would take None for null.
_ROOT: Any = object()


class _Resolver:
    def __init__(
        self, row: Base | None, info: GraphQLResolveInfo[Any], arguments: dict[str, Any]
    ) -> None:
        # At the root and in a mutation's payload there is none.
        self._row = row if isinstance(row, Base) else None
        self._info = info
        self._arguments = {**arguments, "payload": row}
        self._session: Session = info.context.session()
        self._viewer: Viewer = info.context.viewer

    def resolve(self, source: Any) -> Any:  # noqa: PLR0911 -- one for each kind of source
        if isinstance(source, Column):
            return self._column(source)
        if isinstance(source, Part):
            return _ROOT if self._row is None else self._row
        if isinstance(source, Computed):
            return source.compute(self._session)
        if isinstance(source, One):
            if source.admits is not None and not source.admits(self._viewer):
                return None
            rows = self._rows(self._target(), source)
            return self._session.scalars(rows.select(_loaded(rows))).first()
        if isinstance(source, Many):
            rows = self._rows(self._target(), source)
            ordered = rows.select(_loaded(rows)).order_by(*source.order(rows.child))
            return self._session.scalars(ordered).all()
        if isinstance(source, Connected):
            return self._connection(source)
        if isinstance(source, ByGlobalId):
            return self._by_global_id()
        raise TypeError(f"{self._info.field_name} cannot be resolved")

    def _column(self, source: Column) -> Any:
        if source.attribute is not None:
            return getattr(self._row, source.attribute)
        model: Any = type(self._row)
        alias = alias_at(model, 0)
        expression = call_declared(source.expression, [alias], self._viewer, {})
        return self._session.scalar(select(expression).where(self._is_row(alias)))

    def _connection(self, source: Connected) -> "FieldwisePage":
        arguments = self._arguments
        order = source.order(arguments.pop("order_by", None))
        paging = PageArguments(
            **{name: arguments.pop(name, None) for name in ("first", "after", "last", "before")}
        )
        connection = cast("GraphQLObjectType", get_named_type(self._info.return_type))
        nodes = cast("GraphQLObjectType", get_named_type(connection.fields["nodes"].type))
        rows = self._rows(entity_of(nodes), source)
        limits = PageLimits(source.page_size, self._info.context.most_per_page)
        return FieldwisePage(self._session, Page(rows, order, paging, limits))

    def _by_global_id(self) -> Base | None:
        wanted = parse_global_id(self._arguments["id"])
        type_ = self._info.schema.get_type(wanted.type_name)
        interface = cast("Any", get_named_type(self._info.return_type))
        if type_ is None or not self._info.schema.is_sub_type(interface, cast("Any", type_)):
            return None
        entity = entity_of(cast("GraphQLObjectType", type_))
        rows = self._rows(entity, One(lambda row: entity.key(row) == wanted.key))
        return self._session.scalars(rows.select(_loaded(rows))).first()

    def _target(self) -> Entity:
        return entity_of(cast("GraphQLObjectType", get_named_type(self._info.return_type)))

    def _rows(self, entity: Entity, source: One | Many | Connected) -> Rows:
        model: Any = type(self._row)
        parent = None if self._row is None else alias_at(model, 0)
        return rows_of(
            entity,
            parent=parent,
            parent_key=None if parent is None else self._is_row(parent),
            link=getattr(source, "link", None),
            where=source.where,
            visible_already=getattr(source, "visible_already", False),
            viewer=self._viewer,
            arguments=self._arguments,
            level=1,
        )

    def _is_row(self, alias: Any) -> ColumnElement[bool]:
        row: Any = self._row
        key = key_name(type(row))
        same: ColumnElement[bool] = getattr(alias, key) == getattr(row, key)
        return same


def _loaded(rows: Rows) -> Any:
    """Make SQLAlchemy load whole rows of the model."""
    return aliased(rows.entity.model, rows.child.selectable)


class FieldwisePage:
    """A connection whose members query as they are asked for."""

    def __init__(self, session: Session, page: Page) -> None:
        self._session = session
        self._page = page
        self._json = json_text_of(session.get_bind().dialect.name)

    @property
    def total_count(self) -> int:
        """How many rows there are on all pages."""
        count: int = self._scalar(self._page.rows.select(func.count()))
        return count

    @property
    def nodes(self) -> list[Any]:
        """The page's rows."""
        return [edge.node for edge in self.edges]

    @cached_property
    def edges(self) -> list[Edge[Any]]:
        """The page's rows with their cursors."""
        page = self._page
        statement = page.select(_loaded(page.rows), page.cursor(self._json))
        edges = [
            # A cursor is JSON text: the quotes are its first and last character.
            Edge[Any](node=node, cursor=cursor[1:-1])
            for node, cursor in self._session.execute(statement)
        ]
        return edges[::-1] if page.backward else edges

    @property
    def page_info(self) -> PageInfo:
        """What lies before and after the page."""
        edges = self.edges
        return PageInfo(
            has_next_page=self._scalar(select(self._page.has_next())),
            has_previous_page=self._scalar(select(self._page.has_previous())),
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        )

    def _scalar(self, statement: Any) -> Any:
        return self._session.execute(statement).scalar_one()
