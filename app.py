"""The application factory: the only place that knows all the parts."""

from flask import Flask

from registry.settings import Settings
from registry.web.database import init_database


def create_app(settings: Settings | None = None) -> Flask:
    """Make the Flask application; without settings, they are read from the environment."""
    settings = settings or Settings()
    app = Flask("registry", static_folder=None, instance_path=str(settings.instance_path.resolve()))
    app.extensions["registry.settings"] = settings
    init_database(app, settings)
    return app
