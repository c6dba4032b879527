"""The addresses below `/graphql`.

What answers them, the schema and the engine, is half of all there is to load. It is loaded with the
first request that needs it, or by `prepare_graphql`: REST need not wait for it at the start.
"""

from types import ModuleType

from flask import Blueprint, Flask, Response, request

from graphql_schema.cost_limit import CostLimit
from graphql_schema.explorer.view import explorer, prefers_explorer, show_explorer
from graphql_schema.ready_operations import ReadyOperations
from graphql_schema.trusted import TrustedDocuments
from registry.errors import NotFound
from registry.settings import Settings
from registry.web.settings import current_settings

OPERATIONS = "registry.graphql"
COST_LIMIT = "registry.graphql.cost_limit"
TRUSTED = "registry.graphql.trusted"

graphql = Blueprint("graphql", __name__, url_prefix="/graphql")


def register_graphql(app: Flask, settings: Settings) -> None:
    """Open the GraphQL door at `/graphql`.

    Raises:
        ValueError: a setting is none that the door can work with.
        OSError: the list of trusted documents cannot be read.
    """
    limit = settings.ratelimit_graphql
    app.extensions[COST_LIMIT] = CostLimit(limit, settings) if limit else None
    trusted = settings.graphql_trusted_documents
    app.extensions[TRUSTED] = TrustedDocuments(trusted) if trusted else None
    app.register_blueprint(graphql)
    if settings.graphql_explorer:
        app.register_blueprint(explorer)
    if not limit and not trusted:
        ready = ReadyOperations(app, settings, lambda: app.extensions.get(OPERATIONS))
        app.wsgi_app = ready  # type: ignore[method-assign]  # Flask's own way to wrap one


def prepare_graphql(app: Flask) -> None:
    """Load what answers GraphQL, so that its first caller need not wait for that."""
    with app.app_context():
        _view().current_operations()


@graphql.post("")
def run_posted_operation() -> Response:
    """Run the operation in the body."""
    answer: Response = _view().answer_posted()
    return answer


@graphql.get("")
def run_linked_operation() -> Response:
    """Run the query in the address; without one, give browsers the explorer."""
    if current_settings().graphql_explorer and "query" not in request.args and prefers_explorer():
        return show_explorer()
    answer: Response = _view().answer_linked()
    return answer


@graphql.get("/schema")
def show_schema() -> Response:
    """Give the schema in GraphQL's schema definition language, where it may be known."""
    if not current_settings().graphql_introspection:
        raise NotFound("The schema is not shown: introspection is switched off.")
    answer: Response = _view().answer_schema()
    return answer


def _view() -> ModuleType:
    from graphql_schema import view  # noqa: PLC0415 -- see above

    return view
