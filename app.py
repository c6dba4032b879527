"""The application factory: the only place that knows all the parts."""

from flask import Flask

from graphql_schema.routes import register_graphql
from registry.rest import register_rest
from registry.settings import Settings
from registry.web.arguments import init_arguments
from registry.web.body import init_body
from registry.web.browsers import init_browsers
from registry.web.cors import init_cors
from registry.web.database import init_database
from registry.web.json import init_json
from registry.web.kept_answers import init_kept_answers
from registry.web.metrics import init_metrics
from registry.web.problems import init_problems
from registry.web.ready_answers import init_ready_answers
from registry.web.request_id import configure_logging, init_request_id
from registry.web.routes import init_routes
from registry.web.settings import init_settings
from registry.web.storage import init_storage


def create_app(settings: Settings | None = None) -> Flask:
    """Make the Flask application; without settings, they are read from the environment."""
    settings = settings or Settings()
    configure_logging(settings.log_level, settings.log_format)
    app = Flask("registry", static_folder=None, instance_path=str(settings.instance_path.resolve()))
    init_routes(app)

    # What every request goes through, in this order, and every response in the reverse one.
    init_settings(app, settings)
    init_request_id(app)
    init_browsers(app)
    init_cors(app, settings)
    init_json(app)
    init_problems(app)
    init_body(app, settings)
    init_arguments(app)
    init_database(app, settings)
    init_metrics(app, settings)
    init_kept_answers(app, settings)
    init_storage(app, settings)

    # The doors.
    register_rest(app, settings)
    register_graphql(app, settings)

    # Before all that.
    init_ready_answers(app)
    return app
