"""What must hold of a schema for the compiler to be right, checked when the schema is made.

The compiler calls no resolver, so nothing may hang on one; and it does not look again whether a
value that is never null is one, so the database must promise it.
"""

from collections.abc import Iterator
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLObjectType,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_non_null_type,
)
from sqlalchemy import BinaryExpression, BindParameter, Cast, Column
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import (
    ClauseElement,
    False_,
    Grouping,
    Label,
    True_,
    TypeCoerce,
)
from sqlalchemy.sql.expression import ExpressionClauseList
from sqlalchemy.sql.functions import Function
from strawberry.schema import Schema

from graphql_schema.engine import fields, relay
from graphql_schema.engine.compiler import entity_of, field_of
from graphql_schema.engine.fields import SqlField
from graphql_schema.engine.rows import Entity, alias_at, call_declared
from registry.rules.viewer import ANONYMOUS

_RELAY = (relay.Connection, relay.Edge, relay.PageInfo)


class UnfitSchema(TypeError):
    """A compiled field is declared in a way that its answer could be wrong."""


def check_schema(schema: Schema) -> None:
    """Check all that is reachable from the root fields that the compiler answers.

    Raises:
        UnfitSchema: a field is not declared with the engine's words, hangs on something that only
            a resolver would run, or is never null without the database's promise.
    """
    for type_, name in _reachable(schema, list(_roots(schema))):
        if not _is_relay(type_):
            _check_field(type_, name)


def _roots(schema: Schema) -> Iterator[tuple[GraphQLObjectType, str]]:
    """List the compiled fields of the root types, and of the payloads that mutations give."""
    core = schema._schema  # noqa: SLF001 -- Strawberry's own views take graphql-core's schema from there
    types = [core.query_type, core.mutation_type]
    if core.mutation_type is not None:
        types += [get_named_type(each.type) for each in core.mutation_type.fields.values()]
    for type_ in types:
        if isinstance(type_, GraphQLObjectType):
            for name, definition in type_.fields.items():
                if isinstance(field_of(definition), SqlField):
                    yield type_, name


def _reachable(
    schema: Schema, waiting: list[tuple[GraphQLObjectType, str]]
) -> Iterator[tuple[GraphQLObjectType, str]]:
    core = schema._schema  # noqa: SLF001 -- as above
    met: set[str] = set()
    while waiting:
        type_, name = waiting.pop()
        yield type_, name
        below: Any = get_named_type(type_.fields[name].type)
        if is_leaf_type(below):
            continue
        for each in core.get_possible_types(below) if is_abstract_type(below) else (below,):
            if each.name not in met:
                met.add(each.name)
                waiting += [(each, field) for field in each.fields]


def _is_relay(type_: GraphQLObjectType) -> bool:
    definition = type_.extensions["strawberry-definition"]
    generic = definition.concrete_of
    return (generic.origin if generic else definition.origin) in _RELAY


def _check_field(type_: GraphQLObjectType, name: str) -> None:
    definition = type_.fields[name]
    field = field_of(definition)
    where = f"{type_.name}.{name}"
    if not isinstance(field, SqlField) or field.source is None:
        raise UnfitSchema(f"{where} is not declared with column, one, many, connection or part")
    if field.permission_classes or field.extensions:
        raise UnfitSchema(f"{where} has permission classes or extensions, which nothing would run")
    if is_non_null_type(definition.type) and not _is_never_null(type_, definition, field.source):
        raise UnfitSchema(f"{where} is never null, but the database does not promise it")


def _is_never_null(type_: GraphQLObjectType, definition: GraphQLField, source: Any) -> bool:
    if isinstance(source, fields.Column):
        alias = alias_at(entity_of(type_).model, 0)
        return not is_nullable(call_declared(source.expression, [alias], ANONYMOUS, {}))
    if isinstance(source, fields.One):
        if not hasattr(type_.extensions["strawberry-definition"].origin, "entity"):
            # A root field: there may always be none.
            return False
        below: Any = get_named_type(definition.type)
        return _leads_to_one(source, entity_of(type_), entity_of(below))
    # Lists and connections may be empty, parts are always there.
    return True


def _leads_to_one(source: fields.One, parent: Entity, child: Entity) -> bool:
    """Tell whether a relation is a foreign key that is never null, to rows that everyone sees."""
    if child.visible is not None and not source.visible_already:
        return False
    row = alias_at(child.model, 1)
    condition = call_declared(source.where, [alias_at(parent.model, 0), row], ANONYMOUS, {})
    if not isinstance(condition, BinaryExpression) or condition.operator is not operators.eq:
        return False
    reference = condition.right if condition.left is child.key(row) else condition.left
    keys = {key.column for column in _table_columns(reference) for key in column.foreign_keys}
    return not is_nullable(reference) and keys == set(_table_columns(child.key(row)))


def _table_columns(expression: ClauseElement) -> set[Column[Any]]:
    bases: set[Any] = getattr(expression, "base_columns", set())
    return {column for column in bases if isinstance(column, Column)}


# These are NULL only where one of their sides is.
_STRICT = frozenset(
    {
        operators.eq,
        operators.ne,
        operators.lt,
        operators.le,
        operators.gt,
        operators.ge,
        operators.concat_op,
    }
)


def is_nullable(expression: Any) -> bool:  # noqa: PLR0911 -- one for each kind of expression
    """Tell whether an SQL expression may be NULL, as far as can be told: in doubt it may."""
    match expression:
        case Column():
            return bool(expression.nullable)
        case Label() | Grouping():
            return is_nullable(expression.element)
        case Cast() | TypeCoerce():
            return is_nullable(expression.clause)
        case BindParameter():
            return expression.value is None
        case True_() | False_() | Function(name="count"):
            return False
        case Function(name="coalesce"):
            return all(is_nullable(each) for each in expression.clauses)
        case Function(name="lower" | "substr"):
            return any(is_nullable(each) for each in expression.clauses)
        case BinaryExpression() if expression.operator in _STRICT:
            return is_nullable(expression.left) or is_nullable(expression.right)
        case ExpressionClauseList() if expression.operator in _STRICT:
            return any(is_nullable(each) for each in expression.clauses)
        case _:
            return True
