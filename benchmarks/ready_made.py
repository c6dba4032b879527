"""What our answers are held against: a Flask application that has the same bytes at hand.

Served as the product is: `granian --interface wsgi --factory benchmarks.ready_made:create_app`,
with the bodies in the directory that READY_MADE names, each answered at `/NAME`.
"""

import os
from pathlib import Path

from flask import Flask, Response


def create_app() -> Flask:
    """Make the application; `/nothing` is a 304."""
    bodies = {file.name: file.read_bytes() for file in Path(os.environ["READY_MADE"]).iterdir()}
    app = Flask(__name__, static_folder=None)

    @app.get("/<name>")
    def show(name: str) -> Response:
        if name == "nothing":
            return Response(status=304)
        return Response(bodies[name], mimetype="application/json")

    return app
