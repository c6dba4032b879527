"""`/api/search` and `/api/stats`: finding packages, and counting what there is."""

from flask import Blueprint, Response

from registry.catalogue.packages import LONGEST_TEXT, PackageFilter, join_packages
from registry.catalogue.stats import count_everything
from registry.rest.representation import represent_packages
from registry.rules.enumerations import PackageKind
from registry.rules.score import HEALTHY_FROM, WARNING_FROM, Grade
from registry.web.arguments import choice_argument, text_argument
from registry.web.conditional import conditional_read
from registry.web.database import read_session
from registry.web.json import json_response, ready_response
from registry.web.revision import read_alone

search = Blueprint("search", __name__, url_prefix="/api")

# From (inclusive) and below (exclusive) which score a package is of a grade.
_SCORES: dict[Grade | None, tuple[int | None, int | None]] = {
    None: (None, None),
    Grade.HEALTHY: (HEALTHY_FROM, None),
    Grade.WARNING: (WARNING_FROM, HEALTHY_FROM),
    Grade.ERROR: (None, WARNING_FROM),
}


@search.get("/search")
@conditional_read(kept=True, alone=True)
def search_packages() -> Response:
    """List the packages that hold a text, are of a type, and whose health is of a grade."""
    score_from, score_below = _SCORES[choice_argument("status", Grade)]
    wanted = PackageFilter(
        text=text_argument("q", longest=LONGEST_TEXT),
        kind=choice_argument("type", PackageKind) or "",
        score_from=score_from,
        score_below=score_below,
    )
    return ready_response(represent_packages(join_packages(read_alone(), wanted)))


@search.get("/stats")
@conditional_read(kept=True)
def show_stats() -> Response:
    """Count what the catalogue holds."""
    stats = count_everything(read_session())
    workspace = stats.workspace
    return json_response(
        {
            "packages": stats.packages,
            "packagesByType": stats.packages_by_type,
            "commits": stats.commits,
            "versions": stats.versions,
            "dependencies": stats.dependencies,
            "issues": stats.issues,
            "listings": stats.listings,
            "publications": stats.publications,
            "workspace": {}
            if workspace is None
            else {
                "tool": workspace.tool,
                "branch": workspace.branch,
                "head": workspace.head,
                "scannedAt": workspace.scanned_at or "",
            },
        }
    )
