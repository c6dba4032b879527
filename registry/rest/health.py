"""`/api/health`: scores of all packages and of one (contract, section 2)."""

from flask import Blueprint, Response

from registry.catalogue.health import list_health, score_of, summarise_health
from registry.catalogue.measurements import find_evidence
from registry.database import begin_write
from registry.errors import package_not_found
from registry.rest.representation import represent_health, represent_one_health
from registry.rest.score_representation import represent_score
from registry.web.authentication import require_write
from registry.web.conditional import conditional_read
from registry.web.database import app_sessions, read_session
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
    """Show one package's health, and what it follows from."""
    session = read_session()
    rows = list_health(session, name)
    if not rows:
        raise package_not_found(name)
    explained = represent_score(score_of(rows[0]), find_evidence(session, name))
    return json_response({**represent_one_health(rows[0]), **explained})


@health.post("/refresh")
def refresh_health() -> Response:
    """Bring the catalogue and all scores up to date, and list every package's health."""
    require_write()
    refresh_configured_workspace()
    # As what refreshes: nobody who reads needs it.
    from registry.health.scores import update_scores  # noqa: PLC0415 -- see above

    with app_sessions()() as session:
        begin_write(session)
        update_scores(session)
        session.commit()
    return _everything()


def _everything() -> Response:
    session = read_session()
    return json_response(represent_health(list_health(session), summarise_health(session)))
