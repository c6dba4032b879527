"""`GET /analytics/:packageId/:packageVersion`: how often a version was installed, and when."""

from flask import Blueprint, Response, request

from registry.models.base import utc_now
from registry.publishing.analytics_reads import list_installs, read_window
from registry.publishing.fields import (
    full_identifier_refused,
    read_new_identifier,
    read_version,
)
from registry.web.arguments import text_argument
from registry.web.authentication import current_viewer
from registry.web.conditional import stamp_content
from registry.web.database import read_session
from registry.web.json import json_response

analytics = Blueprint("analytics", __name__, url_prefix="/analytics")


@analytics.get("/<package_id>/<package_version>")
def show_analytics(package_id: str, package_version: str) -> Response:
    """List the hours in which a version was installed."""
    identifier = read_new_identifier(package_id)
    version = read_version(package_version, "packageVersion")
    window = read_window(_argument("after"), _argument("before"), utc_now())
    viewer = current_viewer()
    found = list_installs(read_session(), viewer, identifier, version, window)
    response = json_response(
        [
            # The commit is ours, so after all that is documented.
            {"timestamp": row.hour, "downloads": row.installs, "commit": found.commit_hash}
            for row in found.hours
        ]
    )
    # By its bytes: which hours are meant changes with the clock, not only with the data.
    stamp_content(response)
    if viewer.author_id is not None:
        response.headers["Cache-Control"] = "private, no-cache"
    response.vary.add("Authorization")
    return response


@analytics.get("/<repository>/<package_id>/<package_version>")
def refuse_full_identifier(repository: str, package_id: str, package_version: str) -> Response:  # noqa: ARG001 -- the address has them
    """Refuse a full identifier, whose slash is one of the address too."""
    raise full_identifier_refused()


def _argument(name: str) -> str | None:
    return text_argument(name) if name in request.args else None
