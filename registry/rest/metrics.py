"""`GET /metrics`: figures for Prometheus, for whom the setting lets read them."""

from flask import Blueprint, Response

from registry.errors import NotFound
from registry.web.database import app_sessions
from registry.web.metrics import current_metrics, may_read_metrics
from registry.web.settings import current_settings

metrics = Blueprint("metrics", __name__)

# Prometheus' text format (its documentation, "Exposition formats").
_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@metrics.get("/metrics")
def show_metrics() -> Response:
    """Give the figures; who may not read them learns as much as at an address that is none."""
    counted = current_metrics()
    if counted is None or not may_read_metrics(current_settings()):
        raise NotFound("There is nothing at this address.")
    # Loads what else nobody needs.
    from registry.web.database_metrics import DatabaseMetrics  # noqa: PLC0415 -- see above

    response = Response(counted.write(DatabaseMetrics(app_sessions())), content_type=_CONTENT_TYPE)
    response.headers["Cache-Control"] = "no-store"
    return response
