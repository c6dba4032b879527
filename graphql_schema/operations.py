"""From a query's text to the response: parse, measure, validate, run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSyntaxError,
    NoSchemaIntrospectionCustomRule,
    OperationType,
    get_operation_ast,
    get_variable_values,
    parse,
    specified_rules,
    validate,
)
from sqlalchemy import Dialect, select
from sqlalchemy.orm import Session
from strawberry.schema import Schema

from graphql_schema.engine.context import Context
from graphql_schema.engine.executor import CompilingExecutor
from graphql_schema.engine.lru import Lru
from graphql_schema.engine.parameters import Request as PlanRequest
from graphql_schema.engine.planner import Limits, Plan, Planner
from graphql_schema.engine.statements import REVISION, Read
from graphql_schema.errors import (
    EXECUTION_FAILED,
    INVALID_VARIABLES,
    OPERATION_NOT_FOUND,
    SYNTAX_ERROR,
    VALIDATION_FAILED,
    represent_errors,
)
from graphql_schema.kept_answers import KeptAnswer, key_of
from graphql_schema.limits import QueryLimits, check_limits
from registry.rules.viewer import ANONYMOUS, Viewer
from registry.web.answer_store import AnswerStore
from registry.web.codings import SMALLEST_ENCODED, Coding, encode
from registry.web.errors import DatabaseUnavailable, MethodNotAllowed
from registry.web.json import dump_json

# How many texts are kept parsed and validated.
_KEPT = 256
_READ_REVISION = str(select(REVISION).compile(compile_kwargs={"literal_binds": True}))


@dataclass(frozen=True)
class OperationRequest:
    """What a client asks to run (GraphQL over HTTP, section 5.1: request parameters)."""

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None


@dataclass(frozen=True)
class OperationResult:
    """A response, as it goes over the wire: JSON in UTF-8."""

    body: bytes
    # Whether it was run at all: an error before that is the request's, not a field's.
    run: bool
    # Whether nothing at all could be answered, for the database is out of reach.
    out_of_reach: bool = False
    # Whether it follows from the data alone, so that their revision tells whether it stands.
    is_of_data: bool = True
    # The answer where it may be given again: compressed forms are kept with it.
    kept: KeptAnswer | None = None

    def encoded(self, coding: Coding) -> tuple[bytes, Coding]:
        """Give the body in a coding, where that is worth it, and the coding that it is in."""
        if coding is Coding.IDENTITY or len(self.body) < SMALLEST_ENCODED:
            return self.body, Coding.IDENTITY
        body = self.kept.encode(coding) if self.kept else encode(self.body, coding)
        return body, coding


class Known(NamedTuple):
    """What came of an operation that was run as far as it was known; neither: it was not."""

    result: OperationResult | None
    failure: Exception | None


class Operations:
    """Runs operations on one schema and one database."""

    def __init__(
        self,
        schema: Schema,
        dialect: Dialect,
        *,
        limits: QueryLimits,
        plan_limits: Limits,
        introspection: bool = True,
        cache_bytes: int = 0,
    ) -> None:
        self._schema = schema._schema  # noqa: SLF001 -- Strawberry's own views take graphql-core's schema from there
        self._planner = Planner(schema, dialect, plan_limits)
        self._limits = limits
        # Made once: graphql-core sorts out a new list of rules each time.
        self._rules = [*specified_rules]
        if not introspection:
            self._rules.append(NoSchemaIntrospectionCustomRule)
        self._trees: Lru[DocumentNode] = Lru(_KEPT)
        self._answers = AnswerStore[KeptAnswer](cache_bytes)

    def run(
        self,
        request: OperationRequest,
        session: Callable[[], Session],
        viewer: Viewer,
        *,
        reads_only: bool = False,
        charge: Callable[[int], None] | None = None,
        read_once: Read | None = None,
        failure: Exception | None = None,
    ) -> OperationResult:
        """Run an operation.

        Args:
            request: what to run.
            session: gives the session to read from.
            viewer: who is asking.
            reads_only: whether to refuse all but queries.
            charge: told what the operation costs before it runs; what it raises is raised here.
            read_once: runs a statement that is all there is to read, where that is cheaper than
                in the session.
            failure: what went wrong when `run_known` ran it; it is told, and not run again.

        Raises:
            MethodNotAllowed: the operation is no query, and only queries are allowed here.
        """
        context = Context(session, viewer, self._planner, request.query, charge, read_once, failure)
        key = self._key_of(request, viewer)
        return self._run_known(request, context, key) or self._execute(
            request, context, key, reads_only=reads_only
        )

    def run_known(
        self,
        query: str,
        variables: dict[str, Any] | None,
        operation_name: str | None,
        read_once: Read,
    ) -> "Known":
        """Run an operation for nobody in particular, if one statement answers it and is at hand.

        Args:
            query: the document.
            variables: those that were sent.
            operation_name: which operation of the document.
            read_once: runs the statement.

        Raises:
            SQLAlchemyError: the database does not say whether an answer stands.
        """
        request = OperationRequest(query, variables, operation_name)
        context = Context(_no_session, ANONYMOUS, self._planner, query, read_once=read_once)
        key = self._key_of(request, ANONYMOUS)
        return Known(self._run_known(request, context, key), context.failure)

    def _key_of(self, request: OperationRequest, viewer: Viewer) -> bytes | None:
        """Give what an answer is kept under; None where none are."""
        if not self._answers.has_room:
            return None
        return key_of(request.query, request.operation_name, request.variables, viewer)

    def _run_known(
        self, request: OperationRequest, context: Context, key: bytes | None
    ) -> OperationResult | None:
        """Run what is known well enough to need nothing of graphql-core, which takes longer."""
        if context.failure is not None:
            return None
        kept = None if key is None else self._answers.find(key)
        if kept is not None and kept.revision == _revision(context):
            context.pay(kept.cost)
            return OperationResult(kept.body, run=True, kept=kept)
        known = self._find_plan(request, context.viewer)
        if known is None:
            return None
        plan, variables = known
        context.pay(plan.cost)
        (((place,), run),) = plan.roots.items()
        try:
            answer = run(
                context.reader(once=True),
                PlanRequest(variables, context.viewer, context.session),
            )
        except Exception as error:  # noqa: BLE001 -- whatever it is, graphql-core says where it was
            context.failure = error
            return None
        context.revision = answer.revision if answer else ""
        return self._answer({place: answer.json if answer else None}, [], context, key)

    def _find_plan(
        self, request: OperationRequest, viewer: Viewer
    ) -> tuple[Plan, dict[str, Any]] | None:
        """Find the plan of an operation that one statement answers, and its variables' values."""
        tree = self._trees.get(request.query)
        operation = get_operation_ast(tree, request.operation_name) if tree else None
        if operation is None:
            return None
        variables = get_variable_values(
            self._schema, operation.variable_definitions or (), request.variables or {}
        )
        if isinstance(variables, list):
            return None
        plan = self._planner.find(request.query, operation, variables.coerced, viewer)
        return (plan, variables.coerced) if plan and plan.is_one_statement else None

    def _execute(
        self, request: OperationRequest, context: Context, key: bytes | None, *, reads_only: bool
    ) -> OperationResult:
        tree = self._trees.get(request.query)
        if tree is None:
            try:
                tree = self._read(request.query)
            except _Unreadable as error:
                return _refused(error.shown)
            # What is wrong is not kept: nobody sends it often, but for those who mean to.
            self._trees.put(request.query, tree)
        operation = get_operation_ast(tree, request.operation_name)
        if operation and reads_only and operation.operation is not OperationType.QUERY:
            raise MethodNotAllowed("Only queries can be sent with GET; send this with POST.")
        executor: Any = CompilingExecutor.build(
            self._schema,
            tree,
            context_value=context,
            raw_variable_values=request.variables,
            operation_name=request.operation_name,
        )
        if isinstance(executor, list):
            code = INVALID_VARIABLES if operation else OPERATION_NOT_FOUND
            return _refused(represent_errors(executor, code))
        result: Any = executor.execute_operation()
        errors = represent_errors(result.errors or (), EXECUTION_FAILED)
        if not executor.began:
            return _refused(errors)
        return self._answer(
            result.data, errors, context, key if executor.is_of_data and not errors else None
        )

    def _answer(
        self,
        data: dict[str, Any] | None,
        errors: Sequence[dict[str, Any]],
        context: Context,
        key: bytes | None,
    ) -> OperationResult:
        """Write the response; under a key it is kept, if it was read from a known state."""
        cost = context.cost or 0
        told = {"errors": errors} if errors else {}
        body = dump_json({**told, "data": data, "extensions": {"cost": cost}})
        kept = None
        if key is not None and context.revision:
            kept = KeptAnswer(body, context.revision, cost)
            self._answers.keep(key, kept)
        return OperationResult(
            body,
            run=True,
            kept=kept,
            out_of_reach=_is_out_of_reach(data, errors),
            is_of_data=not context.reads_elsewhere,
        )

    def _read(self, text: str) -> DocumentNode:
        limits = self._limits
        if len(text) > limits.characters:
            error = GraphQLError(
                f"The query is longer than {limits.characters} characters.",
                extensions={"code": "query_too_long"},
            )
            raise _Unreadable([error], VALIDATION_FAILED)
        try:
            tree = parse(text, max_tokens=limits.tokens)
        except GraphQLSyntaxError as error:
            raise _Unreadable([error], SYNTAX_ERROR) from None
        if errors := check_limits(tree, limits) or validate(self._schema, tree, self._rules):
            raise _Unreadable(errors, VALIDATION_FAILED)
        return tree


class _Unreadable(Exception):
    """A text is no operation that can be run; `shown` is what the client is told of it."""

    def __init__(self, errors: Sequence[GraphQLError], code: str) -> None:
        super().__init__()
        self.shown = represent_errors(errors, code)


def _no_session() -> Session:
    raise AssertionError("one statement is all that is read")


def _refused(errors: Sequence[dict[str, Any]]) -> OperationResult:
    return OperationResult(dump_json({"errors": errors}), run=False)


def _is_out_of_reach(data: dict[str, Any] | None, errors: Sequence[dict[str, Any]]) -> bool:
    """Tell whether there is no data, and the database's absence is the one reason."""
    codes = {error["extensions"]["code"] for error in errors}
    empty = all(value is None for value in (data or {}).values())
    return empty and codes == {DatabaseUnavailable.code}


def _revision(context: Context) -> str:
    (revision,) = context.reader(once=True)(_READ_REVISION, ())
    return str(revision)
