"""Our own schema with one query for each nested field: what there is to compare with without Node.

A WSGI application with as little around it as can be; the settings are the product's own.
"""

import json

from flask import Flask, Response, request
from graphql import DocumentNode, parse
from graphql.execution import ExecutionResult, execute
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from graphql_schema.engine.context import Context
from graphql_schema.engine.planner import Limits, Planner
from graphql_schema.schema import make_schema
from registry.rules.viewer import ANONYMOUS
from registry.settings import Settings
from registry.web.database import db, init_database, read_session
from registry.web.json import dump_json


def create_app() -> Flask:
    """Make the application."""
    settings = Settings()
    app = Flask(__name__)
    init_database(app, settings)
    schema = make_schema()
    with app.app_context():
        limits = Limits(settings.graphql_max_cost, settings.graphql_max_page_size)
        planner = Planner(schema, db.engine.dialect, limits)
    parsed: dict[str, DocumentNode] = {}

    @app.post("/graphql")
    def answer() -> Response:
        body = json.loads(request.data)
        text = body["query"]
        if text not in parsed:
            parsed[text] = parse(text)
        result = execute(
            schema._schema,  # noqa: SLF001 -- where Strawberry's own views take it from
            parsed[text],
            variable_values=body.get("variables"),
            context_value=Context(read_session, ANONYMOUS, planner, text),
            executor_class=StrawberryGraphQLCoreExecutionContext,
        )
        assert isinstance(result, ExecutionResult)
        return Response(dump_json(result.formatted), mimetype="application/json")

    return app
