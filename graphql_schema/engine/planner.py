"""Plans operations: compiles their root fields, counts what they cost, keeps what it compiled.

What a plan depends on is the key that it is kept by: the query's text, the operation's name, the
shape of the variables (everything but texts and moments) and the viewer's rights. All else is
bound.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from graphql import (
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLObjectType,
    OperationDefinitionNode,
    OperationType,
    get_named_type,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet
from sqlalchemy import Dialect
from strawberry.schema import Schema

from graphql_schema.engine.compiler import Compiler, Selection, entity_of, field_of
from graphql_schema.engine.context import Context
from graphql_schema.engine.fields import ByGlobalId, One, SqlField
from graphql_schema.engine.global_ids import parse_global_id
from graphql_schema.engine.json_text import json_text_of
from graphql_schema.engine.lru import Lru
from graphql_schema.engine.parameters import (
    Request,
    shape_of,
    then,
    variables_for_planning,
    viewer_for_planning,
)
from graphql_schema.engine.rows import Declared
from graphql_schema.engine.statements import Answer, Read, Statement, make_statement
from registry.errors import RegistryError
from registry.rules.viewer import Viewer

# How many plans are kept; one takes some 20 kB.
_KEPT = 512


@dataclass(frozen=True)
class Limits:
    """How much one operation may ask for."""

    cost: int
    page_size: int


# Answers a root field of a request; None is GraphQL's null.
Run = Callable[[Read, Request], Answer | None]


@dataclass(frozen=True)
class Plan:
    """How an operation is answered."""

    # The compiled fields, by their place in the response: of the root, or of what a root field's
    # own resolver gives, as a mutation's payload.
    roots: Mapping[tuple[str, ...], Run]
    # How many rows are asked for.
    cost: int
    # Whether one statement answers all of it: it sees one state of the database by itself.
    is_one_statement: bool
    # Whether all of it follows from the data: no field has a resolver that may look elsewhere.
    is_of_data: bool


class Planner:
    """Plans the operations of one schema on one database."""

    def __init__(self, schema: Schema, dialect: Dialect, limits: Limits) -> None:
        self.limits = limits
        self._schema = schema
        self._dialect = dialect
        self._json = json_text_of(dialect.name)
        self._plans: Lru[Plan] = Lru(_KEPT)

    def plan(self, executor: Executor[Any], selected: GroupedFieldSet, context: Context) -> Plan:
        """Find or make the plan of the operation that an executor is about to run.

        Raises:
            GraphQLError: the operation costs too much.
        """
        key = _key(
            context.text, executor.operation, executor.variable_values.coerced, context.viewer
        )
        plan = self._plans.get(key)
        if plan is None:
            plan = self._make(executor, selected, context)
            self._plans.put(key, plan)
        if plan.cost > self.limits.cost:
            raise GraphQLError(
                f"The operation asks for {plan.cost} rows, and at most {self.limits.cost} are "
                "allowed: ask for smaller pages.",
                extensions={"code": "cost_exceeded", "cost": plan.cost},
            )
        return plan

    def find(
        self,
        text: str,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
        viewer: Viewer,
    ) -> Plan | None:
        """Find an operation's plan, if it was made and may be run; the variables are coerced."""
        plan = self._plans.get(_key(text, operation, variables, viewer))
        return None if plan is None or plan.cost > self.limits.cost else plan

    def _make(self, executor: Executor[Any], selected: GroupedFieldSet, context: Context) -> Plan:
        variables = executor.variable_values
        compiler = Compiler(
            executor=executor,
            schema=self._schema,
            variables=variables._replace(coerced=variables_for_planning(variables.coerced)),
            viewer=viewer_for_planning(context.viewer),
            json=self._json,
            most_per_page=self.limits.page_size,
        )
        root_type = executor.schema.get_root_type(executor.operation.operation)
        root = Selection(cast("GraphQLObjectType", root_type), [], times=1)
        roots: dict[tuple[str, ...], Run] = {}
        for key, details in selected.items():
            self._plan_root(compiler, root, (key,), details, roots)
        queries = executor.operation.operation is OperationType.QUERY
        of_data = queries and len(selected) == len(roots)
        alone = of_data and len(roots) == 1 and not compiler.reads_before
        return Plan(roots, compiler.cost, is_one_statement=alone, is_of_data=of_data)

    def _plan_root(
        self,
        compiler: Compiler,
        parent: Selection,
        path: tuple[str, ...],
        details: FieldDetailsList,
        roots: dict[tuple[str, ...], Run],
    ) -> None:
        """Plan a field of the root, or of what a root field's own resolver will give."""
        name = details[0].node.name.value
        definition = parent.type.fields.get(name)
        if definition is None:
            # `__typename`, or introspection.
            return
        field = field_of(definition)
        if isinstance(field, SqlField):
            roots[path] = self._root(compiler, field, parent, name, details)
            return
        if len(path) > 1:
            return
        compiler.cost += 1
        below = get_named_type(definition.type)
        if isinstance(below, GraphQLObjectType):
            payload = parent.below(name, details, 1)
            for key, _, selected in compiler.selected(payload):
                self._plan_root(compiler, payload, (*path, key), selected, roots)

    def _root(
        self,
        compiler: Compiler,
        field: SqlField,
        parent: Selection,
        name: str,
        details: FieldDetailsList,
    ) -> Run:
        try:
            if isinstance(field.source, ByGlobalId):
                return self._by_global_id(compiler, parent.below(name, details, 1), parent)
            statement = make_statement(
                compiler.member(parent, name, details, parent=None), self._dialect
            )
        except RegistryError as error:
            return _refuse(error)
        admits = field.source.admits if isinstance(field.source, One) else None
        if admits is None:
            return statement.run
        return lambda read, request: (
            statement.run(read, request) if admits(request.viewer) else None
        )

    def _by_global_id(self, compiler: Compiler, found: Selection, root: Selection) -> Run:
        """Compile the root field `node` for each type that it may find, at the price of one."""
        interface = cast("GraphQLInterfaceType", found.type)
        definition = root.type.fields[found.details[0].node.name.value]
        given = compiler.arguments(definition, found.details)["id"]
        key = then(given, lambda text: parse_global_id(text).key)
        before, most = compiler.cost, 0
        statements: dict[str, Statement] = {}
        for type_ in compiler.executor.schema.get_possible_types(interface):
            compiler.cost = before
            json = compiler.one(
                Selection(type_, found.details, times=1, level=1),
                One(_has_key(type_, key)),
                parent=None,
                arguments={},
                nullable=True,
            )
            most = max(most, compiler.cost)
            statements[type_.name] = make_statement(json, self._dialect)
        compiler.cost = most

        def run(read: Read, request: Request) -> Answer | None:
            text = given.value(request)
            statement = statements.get(parse_global_id(text).type_name)
            return statement.run(read, request) if statement else None

        return run


def _key(
    text: str, operation: OperationDefinitionNode, variables: Mapping[str, Any], viewer: Viewer
) -> Hashable:
    name = operation.name
    return (
        text,
        name.value if name else None,
        shape_of(variables),
        viewer.author_id is None,
        viewer.permissions,
    )


def _has_key(type_: GraphQLObjectType, key: Any) -> Declared:
    entity = entity_of(type_)
    return lambda row: entity.key(row) == key


def _refuse(error: RegistryError) -> Run:
    """Answer a root field that cannot be planned with the reason, each time."""

    def run(_read: Read, _request: Request) -> Answer | None:
        # Without the traceback, which would grow each time.
        raise error.with_traceback(None)

    return run
