"""What depends on what, and what a change affects."""

from typing import Annotated, Literal

from pydantic import Field

from registry.rest.openapi.operation import JSON, Access, Answer, Operation, Parameter, json_answer
from registry.rest.openapi.operations.packages import NO_PACKAGE, PACKAGE_NAME
from registry.rest.openapi.shape import Count, Hash, Shape
from registry.rules.enumerations import DependencyKind, PackageKind
from registry.rules.permissions import Permission

_KINDS = Parameter(
    "type",
    "Only dependencies from these sections of manifests.",
    list[DependencyKind],
    is_list=True,
)


class GraphNode(Shape):
    """A package of the graph."""

    name: str
    type: PackageKind


class GraphEdge(Shape):
    """That one package depends on another."""

    from_: Annotated[str, Field(alias="from")]
    to: str
    type: DependencyKind


class DependencyGraph(Shape):
    """What depends on what within the workspace."""

    nodes: list[GraphNode]
    edges: list[GraphEdge]
    cycles: list[list[str]]
    """Each a list of names, of which each depends on the next and the last on the first."""


class Dependent(Shape):
    """A package that depends on another."""

    name: str
    direct: bool
    types: list[DependencyKind]
    """The sections that name it; empty where it depends by way of others only."""
    through: list[str]
    """The shortest chain of names from the dependent to the package."""


class Dependents(Shape):
    """The packages that depend on one."""

    package_name: str
    dependents: list[Dependent]


class AffectedPackage(Shape):
    """A package that a change affects."""

    name: str
    path: str
    reason: Literal["touched", "dependency"]
    files: Count
    through: list[str]
    """From the package to one that was touched."""


class Affected(Shape):
    """What the commits since another affect."""

    since: str
    base: Hash
    """The newest commit that HEAD and the reference both have."""
    head: Hash
    files: Count
    """Every file that differs, those of no package too."""
    packages: list[AffectedPackage]


class StartedJob(Shape):
    """The job that does the work."""

    job_id: str


OPERATIONS = {
    "GET /api/dependencies/graph": Operation(
        id="get_dependency_graph",
        summary="Show what depends on what within the workspace",
        tag="Dependencies",
        parameters=[
            Parameter(
                "format",
                "How it is written; without it, `Accept` chooses.",
                Literal["json", "mermaid", "dot", "svg"],
            ),
            Parameter("package", "Only this package, its direct dependencies and dependents."),
            _KINDS,
        ],
        answers={
            200: Answer(
                "The graph.",
                {
                    JSON: DependencyGraph,
                    "application/vnd.mermaid": str,
                    "text/vnd.graphviz": str,
                    "image/svg+xml": str,
                },
            )
        },
        problems={
            400: "A parameter is wrong, or the graph too large for a picture (`graph_too_large`).",
            404: NO_PACKAGE,
        },
        is_conditional=True,
    ),
    "POST /api/dependencies/refresh": Operation(
        id="refresh_dependencies",
        summary="Have the external dependencies looked up in the npm registry",
        tag="Dependencies",
        answers=json_answer("A job does it.", StartedJob, status=202, headers=["Location"]),
        problems={409: "No npm registry is configured (`npm_registry_not_configured`)."},
        access=Access.REQUIRED,
        permissions=[Permission.ManageWorkspace],
    ),
    "GET /api/packages/<package_name:name>/dependents": Operation(
        id="list_dependents",
        summary="List the packages that depend on one",
        tag="Dependencies",
        path=[PACKAGE_NAME],
        parameters=[
            Parameter(
                "transitive",
                "Whether those count, too, that depend on it by way of others only.",
                Literal["true", "false"],
                default="false",
            )
        ],
        answers=json_answer("The dependents, by name.", Dependents),
        problems={404: NO_PACKAGE},
        is_conditional=True,
    ),
    "GET /api/affected": Operation(
        id="list_affected_packages",
        summary="List the packages that the commits since another affect",
        tag="Dependencies",
        parameters=[
            Parameter(
                "since",
                "A commit's hash or its beginning, a branch, a tag, or steps back from one.",
                is_required=True,
                example="main~3",
            ),
            _KINDS,
        ],
        answers=json_answer("The packages, by name.", Affected),
        problems={
            404: "There is no such commit, branch or tag (`reference_not_found`).",
            409: "It has no commit in common with HEAD (`no_common_history`).",
            503: "The workspace cannot be read.",
        },
        is_conditional=True,
    ),
}
