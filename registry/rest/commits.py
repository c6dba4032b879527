"""`/api/commits`: the commits that touched a package (contract, section 2)."""

from flask import Blueprint, Response

from registry.catalogue.commits import find_package_at, list_commits
from registry.rest.representation import represent_commit
from registry.web.arguments import flag_argument, int_argument, text_argument
from registry.web.conditional import conditional_read
from registry.web.database import read_session
from registry.web.json import json_response

commits = Blueprint("commits", __name__, url_prefix="/api/commits")

# Without a limit all of them come; this bounds only what a limit can say.
MAX_COMMITS = 1_000_000_000


# Clients drop a lone `.` from an address, so the root package is there without it.
@commits.get("/", defaults={"path": "."}, strict_slashes=False)
@commits.get("/<path:path>")
@conditional_read(kept=True)
def list_package_commits(path: str) -> Response:
    """List the commits of the package at a path from the root, newest first."""
    limit = int_argument("limit", default=None, minimum=1, maximum=MAX_COMMITS)
    session = read_session()
    package_id, name = find_package_at(session, path.strip("/") or ".")
    rows = list_commits(
        session,
        package_id,
        limit=limit,
        before=text_argument("before") or None,
        follow=flag_argument("follow"),
    )
    return json_response([represent_commit(row, name) for row in rows])
