"""Every error of the GraphQL door in one shape: a message, where, and a stable `extensions.code`.

An error of ours tells its sentence and its code, as over REST. GraphQL's own (a syntax error, an
unknown field) tell theirs, for they speak of the query alone. All else is a bug or a failure: the
log has it, and the client gets a sentence that tells nothing.
"""

import logging
from collections.abc import Sequence
from typing import Any

from graphql import GraphQLError

from registry.errors import Forbidden, InvalidInput, RegistryError
from registry.web.database import explain_database_error

# The codes of GraphQL's own errors, by when they come up.
SYNTAX_ERROR = "graphql_syntax_error"
VALIDATION_FAILED = "graphql_validation_failed"
OPERATION_NOT_FOUND = "operation_not_found"
INVALID_VARIABLES = "invalid_variables"
EXECUTION_FAILED = "graphql_execution_failed"

# Before 3.46, SQLite's parser has room for a hundred things begun and not yet ended.
_TOO_DEEP_FOR_SQLITE = "parser stack overflow"


_log = logging.getLogger("registry.graphql")


def represent_errors(errors: Sequence[GraphQLError], code: str) -> list[dict[str, Any]]:
    """Show errors; `code` is for those of GraphQL's own that bear none."""
    return [_represent(error, code) for error in errors]


def represent_our_error(error: RegistryError) -> dict[str, Any]:
    """Show an error of ours."""
    extensions: dict[str, Any] = {"code": error.code}
    if isinstance(error, InvalidInput) and error.errors:
        extensions["errors"] = [
            {"field": each.field, "message": each.message} for each in error.errors
        ]
    if isinstance(error, Forbidden):
        extensions["scope"] = error.scope
    return {"message": error.detail, "extensions": extensions}


def our_error(error: Exception) -> RegistryError:
    """Find the words for any error: its own, if it is one of ours, else what may be told of it."""
    if isinstance(error, RegistryError):
        return error
    if _TOO_DEEP_FOR_SQLITE in str(error):
        return InvalidInput(
            "The query has more connections inside one another than this server's database can "
            "read: ask for less at once.",
            code="query_too_deep",
        )
    if (told := explain_database_error(error)) is not None:
        return told
    _log.error("a GraphQL operation failed", exc_info=error)
    return RegistryError("Something went wrong; the server's log tells it by `X-Request-Id`.")


def _represent(error: GraphQLError, code: str) -> dict[str, Any]:
    cause = _cause(error)
    if cause is None:
        extensions = {"code": code, **(error.extensions or {})}
        shown: dict[str, Any] = {"message": error.message, "extensions": extensions}
    else:
        shown = represent_our_error(our_error(cause))
    if error.locations:
        shown["locations"] = [
            {"line": place.line, "column": place.column} for place in error.locations
        ]
    if error.path:
        shown["path"] = error.path
    return shown


def _cause(error: GraphQLError) -> Exception | None:
    """Find what was raised for a GraphQL error to be made; None: it is GraphQL's own."""
    cause = error.original_error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause
