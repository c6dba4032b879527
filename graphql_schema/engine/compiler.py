"""Compiles what a query selects below a root field into one SQL expression: its finished JSON.

An object becomes a text expression over its table's alias; a relation a scalar subquery that speaks
of its parent's alias. So the whole is one recursion: `object` calls `member` for each selected
field, and `member` calls `object` for what is selected below it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from graphql import GraphQLField, GraphQLObjectType, get_named_type, is_non_null_type
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetailsList, collect_subfields
from graphql.execution.values import VariableValues, get_argument_values
from sqlalchemy import JSON, ColumnElement, func, select, type_coerce
from strawberry.schema import Schema
from strawberry.types.arguments import convert_arguments

from graphql_schema.engine.fields import (
    Column,
    Computed,
    Connected,
    Many,
    One,
    Part,
    SqlField,
)
from graphql_schema.engine.json_text import JsonText
from graphql_schema.engine.paging import Page, PageArguments, PageLimits
from graphql_schema.engine.parameters import (
    Parameter,
    PayloadForPlanning,
    constants_for_planning,
)
from graphql_schema.engine.rows import Entity, alias_at, call_declared, rows_of
from graphql_schema.engine.texts import concatenate
from registry.rules.viewer import Viewer

Json = ColumnElement[str]
Arguments = dict[str, Any]


def entity_of(type_: GraphQLObjectType) -> Entity:
    """Find what an object type is in the database."""
    entity: Entity = type_.extensions["strawberry-definition"].origin.entity
    return entity


def field_of(definition: GraphQLField) -> Any:
    """Find the Strawberry field behind graphql-core's."""
    return definition.extensions["strawberry-definition"]


@dataclass(frozen=True)
class Selection:
    """What a query selects of the objects that one field gives."""

    type: GraphQLObjectType
    # Where: more than once where graphql-core merged several selections of one field.
    details: FieldDetailsList
    # How many such objects there may be, in all.
    times: int
    # How many fields are above.
    level: int = 0

    def below(self, name: str, details: FieldDetailsList, times: int) -> "Selection":
        """Go to one of the type's fields, which gives `times` as many objects."""
        type_ = get_named_type(self.type.fields[name].type)
        object_type = cast("GraphQLObjectType", type_)
        return Selection(object_type, details, self.times * times, self.level + 1)


@dataclass
class Compiler:
    """Compiles the root fields of one operation, and counts the rows that they ask for."""

    executor: Executor[Any]
    schema: Schema
    # The operation's variables, and the viewer, with parameters in the place of what is bound.
    variables: VariableValues
    viewer: Viewer
    json: JsonText
    most_per_page: int
    cost: int = field(default=0, init=False)
    # Whether a parameter's value is itself read from the database.
    reads_before: bool = field(default=False, init=False)

    def member(self, of: Selection, name: str, details: FieldDetailsList, parent: Any) -> Json:
        """Compile one field of the rows of `parent`, an alias; None at the root."""
        definition = of.type.fields[name]
        nullable = not is_non_null_type(definition.type)
        sql_field: SqlField = field_of(definition)
        source = sql_field.source
        if isinstance(source, Column):
            expression = call_declared(source.expression, [parent], self.viewer, {})
            return self.json.value(expression, nullable=nullable)
        if isinstance(source, Part):
            return self.object(of.below(name, details, 1), parent)
        if isinstance(source, Computed):
            self.cost += of.times * source.expected
            self.reads_before = True
            found = Parameter(lambda request: source.compute(request.session()))
            return self.json.value(type_coerce(found, JSON), nullable=nullable)
        arguments = self.arguments(definition, details)
        if isinstance(source, One):
            below = of.below(name, details, 1)
            return self.one(below, source, parent, arguments, nullable=nullable)
        if isinstance(source, Many):
            return self._many(of.below(name, details, source.expected), source, parent, arguments)
        if isinstance(source, Connected):
            return self._connection(of.below(name, details, 1), source, parent, arguments)
        raise TypeError(f"{of.type.name}.{name} cannot be compiled")

    def object(self, of: Selection, alias: Any) -> Json:
        """Compile what is selected of the objects that are rows of `alias`."""
        return self._object(of, lambda name, details: self.member(of, name, details, alias))

    def one(
        self, of: Selection, source: One, parent: Any, arguments: Arguments, *, nullable: bool
    ) -> Json:
        """Compile at most one row: an object or `null`."""
        self.cost += of.times
        rows = rows_of(
            entity_of(of.type),
            parent=parent,
            where=source.where,
            visible_already=source.visible_already,
            viewer=self.viewer,
            arguments=arguments,
            level=of.level,
        )
        found = rows.select(self.object(of, rows.child))
        if parent is None:
            # Arguments choose the row, and no key promises that they choose one only.
            found = found.limit(1)
        subquery = found.scalar_subquery()
        return self.json.or_null(subquery) if nullable else subquery

    def arguments(self, definition: GraphQLField, details: FieldDetailsList) -> Arguments:
        """Read a field's arguments, with parameters in the place of texts."""
        node, _, fragment_variables = details[0]
        values = get_argument_values(definition, node, self.variables, fragment_variables)
        converted = convert_arguments(
            constants_for_planning(values),
            field_of(definition).arguments,
            self.schema.schema_converter.scalar_registry,
            self.schema.config,
        )
        return {**converted, "payload": PayloadForPlanning()}

    def _many(self, of: Selection, source: Many, parent: Any, arguments: Arguments) -> Json:
        self.cost += of.times
        rows = rows_of(
            entity_of(of.type),
            parent=parent,
            where=source.where,
            viewer=self.viewer,
            arguments=arguments,
            level=of.level,
        )
        items = rows.select(self.object(of, rows.child).label("item"))
        return self._array(items.order_by(*source.order(rows.child)))

    def _connection(
        self, of: Selection, source: Connected, parent: Any, arguments: Arguments
    ) -> Json:
        order = source.order(arguments.pop("order_by", None))
        paging = PageArguments(
            **{name: arguments.pop(name, None) for name in ("first", "after", "last", "before")}
        )
        limits = PageLimits(source.page_size, self.most_per_page)
        nodes = get_named_type(of.type.fields["nodes"].type)
        rows = rows_of(
            entity_of(cast("GraphQLObjectType", nodes)),
            parent=parent,
            link=source.link,
            where=source.where,
            visible_already=source.visible_already,
            viewer=self.viewer,
            arguments=arguments,
            level=of.level,
        )
        page = Page(rows, order, paging, limits)

        def member(name: str, details: FieldDetailsList) -> Json:
            if name == "nodes":
                return self._nodes(of.below(name, details, page.size), page)
            if name == "edges":
                return self._edges(of.below(name, details, page.size), page)
            self.cost += of.times
            if name == "pageInfo":
                return self._page_info(of.below(name, details, 1), page)
            count = rows.select_keys(func.count()).scalar_subquery()
            return self.json.value(count, nullable=False)

        return self._object(of, member)

    def _nodes(self, of: Selection, page: Page) -> Json:
        self.cost += of.times
        return self._page(page, lambda row, _: self.object(of, row))

    def _edges(self, of: Selection, page: Page) -> Json:
        self.cost += of.times

        def edge(row: Any, cursor: Callable[[], Json]) -> Json:
            def member(name: str, details: FieldDetailsList) -> Json:
                if name == "cursor":
                    return cursor()
                return self.object(of.below(name, details, 1), row)

            return self._object(of, member)

        return self._page(page, edge)

    def _page(self, page: Page, item: Callable[[Any, Callable[[], Json]], Json]) -> Json:
        if self.json.computes_late and not page.backward:
            row = page.rows.child
            value = item(row, lambda: page.cursor(self.json))
            return self._array(page.select(value.label("item")))
        # First the page's keys, then what is selected of those rows: in the order of the page,
        # not of the search, and nothing is worked out for rows that the page does not hold.
        keys = page.keys()
        row = alias_at(page.rows.entity.model, page.rows.level, role="r")
        value = item(row, lambda: page.cursor(self.json, keys))
        items = (
            select(value.label("item"))
            .select_from(keys)
            .join(row, page.rows.entity.key(row) == keys.c.id)
            .order_by(*page.order_of(keys))
        )
        return self._array(items)

    def _page_info(self, of: Selection, page: Page) -> Json:
        def end(*, reverse: bool) -> Json:
            keys = page.keys()
            cursor = select(page.cursor(self.json, keys)).select_from(keys)
            ordered = cursor.order_by(*page.order_of(keys, reverse=reverse)).limit(1)
            return self.json.or_null(ordered.scalar_subquery())

        def member(name: str, _: FieldDetailsList) -> Json:
            if name == "startCursor":
                return end(reverse=False)
            if name == "endCursor":
                return end(reverse=True)
            tells = page.has_next() if name == "hasNextPage" else page.has_previous()
            return self.json.value(tells, nullable=False)

        return self._object(of, member)

    def _array(self, items: Any) -> Json:
        rows = items.subquery()
        return select(self.json.array_of(rows.c.item)).scalar_subquery()

    def _object(self, of: Selection, member: Callable[[str, FieldDetailsList], Json]) -> Json:
        return self.json.object_of(
            [
                (
                    key,
                    concatenate(f'"{of.type.name}"')
                    if name == "__typename"
                    else member(name, details),
                )
                for key, name, details in self.selected(of)
            ]
        )

    def selected(self, of: Selection) -> Iterator[tuple[str, str, FieldDetailsList]]:
        """List what is selected: the response key, the field's name, where."""
        executor = self.executor
        collected = collect_subfields(
            executor.schema,
            executor.fragments,
            executor.variable_values,
            executor.operation,
            of.type,
            of.details,
        )
        for key, details in collected.grouped_field_set.items():
            yield key, details[0].node.name.value, details
