"""`/api/health`: scores of all packages and of one (contract, section 2)."""

from flask import Blueprint, Response

from registry.catalogue.health import list_health, summarise_health
from registry.errors import package_not_found
from registry.rest.representation import represent_health, represent_one_health
from registry.web.authentication import require_write
from registry.web.conditional import conditional_read
from registry.web.database import read_session
from registry.web.json import json_response
from registry.web.workspace import refresh_configured_workspace

health = Blueprint("health", __name__, url_prefix="/api/health")


@health.get("/packages")
@conditional_read(kept=True)
def list_package_health() -> Response:
    """List every package's health and what it comes to."""
    return _everything()


@health.get("/packages/<path:name>")
@conditional_read(kept=True)
def show_package_health(name: str) -> Response:
    """Show one package's health."""
    rows = list_health(read_session(), name)
    if not rows:
        raise package_not_found(name)
    return json_response(represent_one_health(rows[0]))


@health.post("/refresh")
def refresh_health() -> Response:
    """Bring the catalogue up to date and list every package's health."""
    require_write()
    refresh_configured_workspace()
    return _everything()


def _everything() -> Response:
    session = read_session()
    return json_response(represent_health(list_health(session), summarise_health(session)))
