"""Runs an operation: what has a plan by its plan, all else as graphql-core does."""

from typing import Any

from graphql import GraphQLError, GraphQLObjectType
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet
from graphql.pyutils import Path
from sqlalchemy.exc import DBAPIError
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from graphql_schema.engine.context import Context
from graphql_schema.engine.parameters import Request
from graphql_schema.engine.planner import Plan, Run
from graphql_schema.engine.statements import Answer


class CompilingExecutor(StrawberryGraphQLCoreExecutionContext):
    """Hands the database's finished JSON to the response, instead of completing it again."""

    # Whether anything was run: an error before that is the request's, not a field's.
    began = False
    _plan: Plan | None = None

    @property
    def is_of_data(self) -> bool:
        """Whether all of the answer follows from the data, and so stands as long as they do."""
        return self._plan is not None and self._plan.is_of_data

    def execute_root_grouped_field_set(
        self,
        root_type: GraphQLObjectType,
        root_value: Any,
        grouped_field_set: GroupedFieldSet,
        serially: bool,
        position_context: Any,
    ) -> Any:
        """Plan the whole operation before any of it runs."""
        context: Context = self.context_value
        try:
            self._plan = context.planner.plan(self, grouped_field_set, context)
        except GraphQLError:
            raise
        except Exception as error:
            # A bug; graphql-core takes errors of its own kind only from here.
            raise GraphQLError("The operation cannot be planned.", original_error=error) from error
        context.pay(self._plan.cost)
        self.began = True
        return super().execute_root_grouped_field_set(
            root_type, root_value, grouped_field_set, serially, position_context
        )

    def execute_field(
        self,
        parent_type: GraphQLObjectType,
        source: Any,
        field_details_list: FieldDetailsList,
        path: Path,
        position_context: Any,
    ) -> Any:
        """Answer a field that has a plan with one statement; resolve any other."""
        run = self._planned(path)
        if run is None:
            return super().execute_field(
                parent_type, source, field_details_list, path, position_context
            )
        context: Context = self.context_value
        once = self._plan is not None and self._plan.is_one_statement
        try:
            answer = self._run(run, source, once=once)
        except Exception as error:  # noqa: BLE001 -- every error becomes the field's, as in graphql-core
            if isinstance(error, DBAPIError) and not once:
                # PostgreSQL runs nothing more in a transaction that failed.
                context.session().rollback()
            definition = parent_type.fields[field_details_list[0].node.name.value]
            self.handle_field_error(error, definition.type, field_details_list, path)
            return None
        if answer is None:
            return None
        context.revision = answer.revision
        return answer.json

    def _run(self, run: Run, payload: Any, *, once: bool) -> Answer | None:
        context: Context = self.context_value
        if context.failure is not None:
            raise context.failure
        request = Request(
            self.variable_values.coerced, context.viewer, context.session, payload=payload
        )
        return run(context.reader(once=once), request)

    def _planned(self, path: Path) -> Run | None:
        """Find how a field is answered; only fields of the root or of what it gives are planned."""
        if self._plan is None or (path.prev is not None and path.prev.prev is not None):
            return None
        return self._plan.roots.get(tuple(str(step) for step in path.as_list()))
