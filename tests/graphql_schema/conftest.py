"""A generated catalogue on each database, and ways to ask it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from graphql import parse
from graphql.execution import execute
from sqlalchemy import Engine, event
from sqlalchemy.orm import sessionmaker
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from graphql_schema.engine.context import Context
from graphql_schema.engine.planner import Limits, Planner
from graphql_schema.errors import EXECUTION_FAILED, represent_errors
from graphql_schema.limits import QueryLimits
from graphql_schema.operations import OperationRequest, Operations
from graphql_schema.schema import make_schema
from registry.database import make_engine, reading
from registry.rules.viewer import ANONYMOUS, Viewer
from tests.databases import Databases, fresh_database
from tests.graphql_schema.generated import Size, fill

LIMITS = QueryLimits(depth=15, aliases=50, fields=500, tokens=2_000, characters=20_000)
PLAN_LIMITS = Limits(cost=100_000, page_size=1_000)
SIZE = Size(packages=12, versions=6, commits=9, dependencies=6)

FLAGSHIP = """
query Flagship {
  packages(first: 50) {
    totalCount
    pageInfo { hasNextPage endCursor }
    nodes {
      name version type description path
      versions(first: 5) {
        totalCount
        nodes { version date tag commit { hash message } publication { status installs } }
      }
      commits(first: 10) { totalCount nodes { hash author date message type } }
      health { overallScore buildStatus testCoverage lintStatus securityAudit isHealthy }
      dependencies(first: 10) {
        nodes { name version type latest outdated package { name version } }
      }
      dependents(first: 5) { totalCount nodes { name } }
      listing { packageId packageName packageType author { name } }
    }
  }
}
"""


@dataclass
class Catalogue:
    """A database with a catalogue in it, and the GraphQL door to it."""

    engine: Engine
    statements: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sessions = sessionmaker(self.engine)
        self.operations = self.door()
        self._planner = Planner(make_schema(), self.engine.dialect, PLAN_LIMITS)
        event.listen(self.engine, "before_cursor_execute", self._note)

    def door(
        self,
        *,
        limits: QueryLimits = LIMITS,
        plan_limits: Limits = PLAN_LIMITS,
        introspection: bool = True,
    ) -> Operations:
        """Open another door, with other limits."""
        return Operations(
            make_schema(),
            self.engine.dialect,
            limits=limits,
            plan_limits=plan_limits,
            introspection=introspection,
        )

    def ask(
        self,
        query: str,
        variables: dict[str, Any] | None = None,
        viewer: Viewer = ANONYMOUS,
        operations: Operations | None = None,
        operation: str | None = None,
    ) -> dict[str, Any]:
        """Run an operation and give the response as a client reads it."""
        self.statements.clear()
        with reading(self.sessions) as session:
            result = (operations or self.operations).run(
                OperationRequest(query, variables, operation), lambda: session, viewer
            )
            answer: dict[str, Any] = orjson.loads(result.body)
            return answer

    def data(
        self,
        query: str,
        variables: dict[str, Any] | None = None,
        viewer: Viewer = ANONYMOUS,
    ) -> dict[str, Any]:
        """Run an operation that must succeed, and give its data."""
        answer = self.ask(query, variables, viewer)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    def ask_field_by_field(
        self,
        query: str,
        variables: dict[str, Any] | None = None,
        viewer: Viewer = ANONYMOUS,
    ) -> dict[str, Any]:
        """Run an operation as graphql-core completes it: a query for each field."""
        with reading(self.sessions) as session:
            result: Any = execute(
                make_schema()._schema,
                parse(query),
                variable_values=variables,
                context_value=Context(lambda: session, viewer, self._planner, ""),
                executor_class=StrawberryGraphQLCoreExecutionContext,
            )
            answer: dict[str, Any] = {"data": orjson.loads(orjson.dumps(result.data))}
            if result.errors:
                answer["errors"] = represent_errors(result.errors, EXECUTION_FAILED)
            return answer

    def code(
        self,
        query: str,
        variables: dict[str, Any] | None = None,
        operations: Operations | None = None,
        viewer: Viewer = ANONYMOUS,
    ) -> str:
        """Run an operation that must fail, in one way, and give its code."""
        errors = self.ask(query, variables, viewer, operations)["errors"]
        (code,) = {error["extensions"]["code"] for error in errors}
        return str(code)

    def queries(self) -> list[str]:
        """List the statements of the last operation, but for the transaction's own."""
        return [text for text in self.statements if not text.startswith("BEGIN")]

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        self.statements.append(statement)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def catalogue(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Catalogue]:
    """Lend a filled database for the whole run: for tests that only read."""
    with _filled(databases, request.param, SIZE) as catalogue:
        yield catalogue


@pytest.fixture(params=["sqlite", "postgresql"])
def make_catalogue(
    request: pytest.FixtureRequest, databases: Databases
) -> Iterator[Callable[[Size], Catalogue]]:
    """Fill databases of any size: for tests that write, or count."""
    with ExitStack() as stack:
        yield lambda size: stack.enter_context(_filled(databases, request.param, size))


@contextmanager
def _filled(databases: Databases, kind: str, size: Size) -> Iterator[Catalogue]:
    with fresh_database(databases, kind) as url:
        engine = make_engine(url)
        fill(engine, size)
        try:
            yield Catalogue(engine)
        finally:
            engine.dispose()
