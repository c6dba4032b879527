"""What depends on what (`/api/dependencies/graph`), and what a change affects."""

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request

from registry.dependencies.dependents import Dependent, list_dependents
from registry.dependencies.diagrams import write_dot, write_mermaid
from registry.dependencies.drawing import draw_svg
from registry.dependencies.graph import DependencyGraph, read_graph
from registry.dependencies.lookup_requests import request_lookups
from registry.errors import InvalidInput
from registry.rules.enumerations import DependencyKind
from registry.web.arguments import choice_argument, choices_argument, text_argument
from registry.web.authentication import require_write
from registry.web.conditional import conditional_read, stamp_content
from registry.web.database import app_sessions, read_session
from registry.web.json import json_response
from registry.web.settings import current_settings

if TYPE_CHECKING:
    from registry.dependencies.affected import Affected

dependencies = Blueprint("dependencies", __name__, url_prefix="/api")


class GraphFormat(StrEnum):
    """How the graph is written."""

    JSON = "json"
    MERMAID = "mermaid"
    DOT = "dot"
    SVG = "svg"


_MEDIA_TYPES = {
    GraphFormat.JSON: "application/json",
    GraphFormat.MERMAID: "application/vnd.mermaid",
    GraphFormat.DOT: "text/vnd.graphviz",
    GraphFormat.SVG: "image/svg+xml",
}


_WRITERS: dict[GraphFormat, Callable[[DependencyGraph], str | bytes]] = {
    GraphFormat.MERMAID: write_mermaid,
    GraphFormat.DOT: write_dot,
    GraphFormat.SVG: draw_svg,
}


class Reach(StrEnum):
    """Whether those that depend on something by way of others count."""

    TRUE = "true"
    FALSE = "false"


def _chosen_format() -> GraphFormat:
    """Find the format that is asked for: by `format`, else by `Accept`, else JSON."""
    named = choice_argument("format", GraphFormat)
    if named is not None:
        return named
    accepted = request.accept_mimetypes.best_match(_MEDIA_TYPES.values())
    of_type = {media_type: chosen for chosen, media_type in _MEDIA_TYPES.items()}
    return of_type.get(accepted or "", GraphFormat.JSON)


@dependencies.get("/dependencies/graph")
def show_graph() -> Response:
    """Show the workspace's dependency graph, or a part of it, as data, text or picture."""
    response = _read_graph()
    # A name in it comes from a manifest, which anyone may have written.
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    return response


@conditional_read(negotiates=_chosen_format, kept=True)
def _read_graph() -> Response:
    graph = read_graph(
        read_session(),
        around=text_argument("package") or None,
        kinds=choices_argument("type", DependencyKind),
    )
    chosen = _chosen_format()
    if chosen is GraphFormat.JSON:
        return json_response(_represent_graph(graph))
    return Response(_WRITERS[chosen](graph), content_type=_MEDIA_TYPES[chosen])


@dependencies.post("/dependencies/refresh")
def refresh_dependencies() -> Response:
    """Have the external dependencies looked up in the npm registry."""
    require_write()
    job_id = request_lookups(app_sessions(), current_settings())
    response = json_response({"jobId": job_id}, status=202)
    response.headers["Location"] = f"/api/jobs/{job_id}"
    return response


@dependencies.get("/packages/<package_name:name>/dependents")
@conditional_read(kept=True)
def show_dependents(name: str) -> Response:
    """List the packages that depend on one, directly or (`transitive=true`) at all."""
    transitive = choice_argument("transitive", Reach) is Reach.TRUE
    found = list_dependents(read_session(), name, transitive=transitive)
    return json_response(
        {"packageName": name, "dependents": [_represent_dependent(each) for each in found]}
    )


@dependencies.get("/affected")
def show_affected() -> Response:
    """List the packages that the commits since a commit, branch or tag affect."""
    since = text_argument("since")
    if not since:
        raise InvalidInput.of("since", "must name a commit, branch or tag")
    kinds = choices_argument("type", DependencyKind)
    # The one read that asks git, and the only one that needs what speaks to it.
    from registry.dependencies.affected import find_affected  # noqa: PLC0415 -- see above

    affected = find_affected(read_session(), since, kinds=kinds)
    # By content: a branch may move without anything in the catalogue changing.
    return stamp_content(json_response(_represent_affected(affected)))


def _represent_graph(graph: DependencyGraph) -> dict[str, Any]:
    return {
        "nodes": [{"name": node.name, "type": node.type} for node in graph.nodes],
        "edges": [
            {"from": edge.source, "to": edge.target, "type": edge.type} for edge in graph.edges
        ],
        "cycles": graph.cycles,
    }


def _represent_dependent(dependent: Dependent) -> dict[str, Any]:
    return {
        "name": dependent.name,
        "direct": bool(dependent.types),
        "types": dependent.types,
        "through": dependent.through,
    }


def _represent_affected(affected: "Affected") -> dict[str, Any]:
    return {
        "since": affected.since,
        "base": affected.base,
        "head": affected.head,
        "files": affected.files,
        "packages": [
            {
                "name": package.name,
                "path": package.path,
                "reason": package.reason,
                "files": package.files,
                "through": package.through,
            }
            for package in affected.packages
        ],
    }
