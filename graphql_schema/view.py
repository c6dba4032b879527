"""`/graphql` over HTTP (https://graphql.github.io/graphql-over-http/draft/)."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from threading import Lock
from typing import Any

from flask import Response, current_app, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from graphql_schema.cost_limit import CostLimit, CostLimitReached
from graphql_schema.engine.planner import Limits
from graphql_schema.errors import our_error, represent_our_error
from graphql_schema.limits import QueryLimits
from graphql_schema.operations import OperationRequest, OperationResult, Operations
from graphql_schema.ready_operations import FAILURE
from graphql_schema.routes import COST_LIMIT, OPERATIONS, TRUSTED
from graphql_schema.schema import make_schema, schema_text
from graphql_schema.trusted import TrustedDocuments
from registry.errors import InvalidInput, RegistryError
from registry.web.authentication import current_viewer
from registry.web.body import json_body
from registry.web.codings import Coding, current_coding
from registry.web.conditional import conditional_read, stamp_content
from registry.web.database import db, read_session, single_reads
from registry.web.errors import DatabaseUnavailable, MethodNotAllowed, UnsupportedMediaType
from registry.web.json import dump_json, read_json
from registry.web.problems import RETRY_AFTER, problem_response
from registry.web.settings import current_settings

_JSON = "application/json"
_GRAPHQL_JSON = "application/graphql-response+json"

_LOCK = Lock()


def current_operations() -> Operations:
    """Give what runs the app's operations; made when it is first asked for."""
    operations: Operations | None = current_app.extensions.get(OPERATIONS)
    if operations is None:
        with _LOCK:
            # Two threads may have been told that there is none; the one made last is kept.
            operations = current_app.extensions[OPERATIONS] = _make_operations()
    return operations


def _make_operations() -> Operations:
    settings = current_settings()
    return Operations(
        make_schema(),
        db.engine.dialect,
        limits=QueryLimits(
            depth=settings.graphql_max_depth,
            aliases=settings.graphql_max_aliases,
            fields=settings.graphql_max_fields,
            tokens=settings.graphql_max_tokens,
            characters=settings.graphql_max_query_length,
        ),
        plan_limits=Limits(
            cost=settings.graphql_max_cost,
            page_size=settings.graphql_max_page_size,
        ),
        introspection=settings.graphql_introspection,
        cache_bytes=settings.graphql_cache_bytes,
    )


def answer_posted() -> Response:
    """Run the operation in the body."""
    return _in_shape(_run_posted)


def answer_linked() -> Response:
    """Run the query in the address."""
    return _in_shape(_run_linked)


def answer_schema() -> Response:
    """Give the schema's text."""
    return stamp_content(Response(schema_text(), mimetype="text/plain"))


def _run_posted() -> Response:
    if not request.mimetype:
        raise UnsupportedMediaType("Say that the body is application/json in `Content-Type`.")
    body = json_body()
    if isinstance(body, list):
        return _run_batch(body)
    if not isinstance(body, dict):
        raise InvalidInput("The body is JSON, but not an object.", code="not_an_object")
    return _respond(_run(_operation_request(body)))


def _run_batch(items: list[Any]) -> Response:
    """Run operations one after the other; the answer is the list of theirs."""
    most = current_settings().graphql_max_batch
    if not 0 < len(items) <= most:
        raise InvalidInput(
            f"A batch has 1 to {most} operations, this one {len(items)}.", code="batch_size"
        )
    operations = [_operation_request(item) for item in items if isinstance(item, dict)]
    if len(operations) < len(items):
        raise InvalidInput("A batch holds something that is not an object.", code="not_an_object")
    bodies = [_run(operation).body for operation in operations]
    answers = OperationResult(b"[" + b",".join(bodies) + b"]", run=True)
    return _response(answers, 200, _media_type())


def _negotiated() -> str:
    return f"{_media_type()} {current_coding()}"


@conditional_read(per_caller=True, negotiates=_negotiated)
def _run_linked() -> Response:
    # An empty one is none: forms send those.
    parameters: dict[str, Any] = {name: text for name, text in request.args.items() if text}
    for name in ("variables", "extensions"):
        if name in parameters:
            try:
                parameters[name] = read_json(parameters[name])
            except ValueError as error:
                raise InvalidInput.of(name, f"is no JSON that can be read: {error}") from None
    result = _run(_operation_request(parameters), reads_only=True)
    response = _respond(result)
    return response if result.is_of_data else stamp_content(response)


def _operation_request(parameters: Mapping[str, Any]) -> OperationRequest:
    trusted: TrustedDocuments | None = current_app.extensions[TRUSTED]
    query = trusted.find(parameters) if trusted else parameters.get("query")
    variables, extensions = parameters.get("variables"), parameters.get("extensions")
    name = parameters.get("operationName")
    if not isinstance(query, str) or not query:
        raise InvalidInput.of("query", "must be the text of a GraphQL document")
    if variables is not None and not isinstance(variables, dict):
        raise InvalidInput.of("variables", "must be an object")
    if name is not None and not isinstance(name, str):
        raise InvalidInput.of("operationName", "must be a text")
    if extensions is not None and not isinstance(extensions, dict):
        raise InvalidInput.of("extensions", "must be an object")
    return OperationRequest(query, variables, name or None)


def _run(operation: OperationRequest, *, reads_only: bool = False) -> OperationResult:
    operations = current_operations()
    viewer = current_viewer()
    limit: CostLimit | None = current_app.extensions[COST_LIMIT]
    result = operations.run(
        operation,
        read_session,
        viewer,
        reads_only=reads_only,
        charge=None if limit is None else lambda cost: limit.charge(viewer, cost),
        read_once=_read_once,
        failure=request.environ.get(FAILURE),
    )
    if db.session.registry.has():
        # Nothing was written; but at a rollback psycopg forgets the statements it had PostgreSQL
        # plan, and planning one takes longer than running it.
        db.session().commit()
    return result


def _read_once(sql: str, values: Any) -> Sequence[Any]:
    """Run one statement: in the session where it has begun, for the state that it sees holds."""
    if db.session.registry.has() and db.session().in_transaction():
        return db.session().connection().exec_driver_sql(sql, values).one()
    return single_reads().row(sql, values)


def _respond(result: OperationResult) -> Response:
    media_type = _media_type()
    # A refused request is a 400 only in the media type that promises so: whoever knows just
    # `application/json` may take any other status for a broken gateway.
    refused = media_type == _GRAPHQL_JSON and not result.run
    if not result.out_of_reach:
        return _response(result, 400 if refused else 200, media_type)
    # Here something is broken, and whoever watches statuses is to see it.
    response = _response(result, DatabaseUnavailable.status, media_type)
    response.headers["Retry-After"] = str(RETRY_AFTER)
    return response


def _in_shape(run: Callable[[], Response]) -> Response:
    """Answer what goes wrong before any operation in GraphQL's shape, with its HTTP status."""
    try:
        return run()
    except (RegistryError, SQLAlchemyError) as error:
        ours = our_error(error)
        problem = problem_response(ours)
        if isinstance(ours, MethodNotAllowed):
            problem.headers["Allow"] = "POST"
        if isinstance(ours, CostLimitReached):
            problem.headers["Retry-After"] = str(ours.retry_after)
        body = dump_json({"errors": [represent_our_error(ours)]})
        response = _response(OperationResult(body, run=False), ours.status, _media_type())
        # The headers that go with the status: what to do about it.
        for name, value in problem.headers:
            if not name.startswith("Content-"):
                response.headers[name] = value
        return response


def _response(result: OperationResult, status: int, media_type: str) -> Response:
    body, coding = result.encoded(current_coding())
    response = Response(body, status, content_type=f"{media_type}; charset=utf-8")
    if coding is not Coding.IDENTITY:
        response.headers["Content-Encoding"] = coding
    response.vary.update(["Accept", "Accept-Encoding", "Authorization"])
    return response


def _media_type() -> str:
    return _choose_media_type(request.headers.get("Accept", ""))


@lru_cache(maxsize=64)
def _choose_media_type(accept: str) -> str:
    # Whoever names it gets it; `*/*` gets what every client knows.
    offers = [_GRAPHQL_JSON, _JSON] if _GRAPHQL_JSON in accept else [_JSON]
    return parse_accept_header(accept, MIMEAccept).best_match(offers, _JSON) or _JSON
