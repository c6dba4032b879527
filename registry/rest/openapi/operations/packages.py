"""The packages of the workspace."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from registry.rest.openapi.operation import (
    JSON,
    Access,
    Body,
    Operation,
    Parameter,
    json_answer,
)
from registry.rest.openapi.shape import (
    Hash,
    Milliseconds,
    Percent,
    Request,
    Score,
    Shape,
    Time,
    TimeOrEmpty,
    absent,
)
from registry.rules.enumerations import (
    BuildStatus,
    CheckStatus,
    DependencyKind,
    DependencyStatus,
    PackageKind,
    Severity,
)
from registry.rules.issue_codes import IssueCode
from registry.rules.permissions import Permission

Limit = Annotated[int, Field(ge=1, le=1_000)]
LookedFor = Annotated[str, Field(max_length=1_000)]

PACKAGE_NAME = Parameter(
    "packageName",
    "The package's name; of a scoped one, `@org/name`, the slash raw or as `%2F`.",
    example="@acme/ui",
)
CURSOR = Parameter("cursor", "Where to go on: as the `Link` header of the page before has it.")
FOLLOW = Parameter(
    "follow",
    "Whether commits count, too, that touched the package where it was before it moved.",
    Literal["true", "false"],
    default="false",
)
NO_PACKAGE = "There is no such package (`package_not_found`)."
NO_WORKSPACE = "The workspace cannot be read, and nothing was changed (`workspace_unavailable`)."


class Repository(Shape):
    """Where a package's source is, as its manifest says; without keys where it does not."""

    type: str = absent
    url: str = absent
    directory: str = absent


class Package(Shape):
    """A package of the workspace."""

    name: str
    version: str
    type: PackageKind
    created_at: Time
    """When it was first catalogued."""
    last_updated: Time
    """When a refresh last changed something of it."""
    dependencies: dict[str, str]
    maintainers: list[str]
    """Each in npm's person form, `Name <mail> (url)`."""
    path: str
    """Its directory, from the root."""
    description: str
    license: str
    repository: Repository
    scripts: dict[str, str]
    dev_dependencies: dict[str, str]
    peer_dependencies: dict[str, str]


class Packages(Shape):
    """Packages of the workspace, by name."""

    packages: list[Package]


class DependencyInfo(Shape):
    """One dependency of a package."""

    name: str
    """What it depends on."""
    package_name: str
    """The package that the record belongs to."""
    version: str
    """As the manifest has it."""
    type: DependencyKind
    status: DependencyStatus | Literal[""]
    """Empty: a member of the workspace, nothing that a registry has, or not looked up yet."""
    latest: str
    outdated: bool
    """Whether the latest version is not among those that would do."""


class PackageCommit(Shape):
    """A commit that touched a package, as the package's detail lists it."""

    author: str
    date: Time
    """The committer's."""
    hash: Hash
    message: str
    package_name: str
    """The package that the record belongs to."""
    type: str
    """Its conventional-commit type, else `other`."""


class PackageHealth(Shape):
    """A package's health, as the package's detail shows it."""

    id: int
    package_name: str
    package_overall_score: Score
    package_build_status: BuildStatus
    package_test_coverage: Percent | None
    package_lint_status: CheckStatus
    package_security: CheckStatus
    package_dependencies: str
    created_at: Time
    updated_at: Time


class Nothing(Shape):
    """An object without a key: what it would tell is not known."""

    model_config = ConfigDict(extra="forbid")


class Issue(Shape):
    """Something that is wrong with a package."""

    code: IssueCode
    severity: Severity
    message: str
    """What is wrong, and how to mend it."""
    evidence: dict[str, Any]
    """What it was found by; its keys follow from the code."""


class PackageDetail(Package):
    """A package with all that is known of it."""

    dependencies_info: list[DependencyInfo]
    commits: list[PackageCommit]
    """The newest first."""
    package_health: PackageHealth | Nothing
    success_rate: Percent | None
    """Per cent of its finished builds."""
    average_duration: Milliseconds | None
    """Of its finished builds, in milliseconds."""
    last_commit: Annotated[str, Field(pattern="^([0-9a-f]{7})?$")]
    last_commit_date: TimeOrEmpty
    branch: str
    """The branch that is catalogued."""
    is_healthy: bool
    """Whether its score is 80 or more."""
    issues: list[Issue]


class PackageDetails(Shape):
    """One package, in a list of one."""

    packages: Annotated[list[PackageDetail], Field(min_length=1, max_length=1)]


class PackageConfig(Request):
    """What of a manifest is replaced; what is not given stays."""

    version: str = absent
    description: str = absent
    license: str = absent
    repository: str | dict[str, Any] = absent
    scripts: dict[str, str] = absent
    dependencies: dict[str, str] = absent
    dev_dependencies: dict[str, str] = absent
    peer_dependencies: dict[str, str] = absent


class ConfigUpdate(Request):
    """A change of a package's manifest."""

    package_name: Annotated[str, Field(min_length=1)]
    config: PackageConfig | str
    """An object, or a JSON text of one."""
    package_path: str | None = absent
    """A claim that is checked: the package's path from the root."""


class UpdatedPackage(Shape):
    """The package whose manifest was changed."""

    success: Literal[True]
    message: str
    package: Package
    preserved_fields: Literal[True]


OPERATIONS = {
    "GET /api/packages": Operation(
        id="list_packages",
        summary="List the packages of the workspace",
        description="Every package, by name; with `limit` or `cursor` a page of them.",
        tag="Packages",
        parameters=[
            Parameter("q", "Name or description contains it, in any case.", LookedFor),
            Parameter("type", "Only packages of this type.", PackageKind),
            Parameter("limit", "At most so many; without it, all.", Limit),
            CURSOR,
        ],
        answers=json_answer("The packages.", Packages, headers=["Link"]),
        is_conditional=True,
    ),
    "GET /api/packages/<path:name>": Operation(
        id="get_package",
        summary="Show one package with all that is known of it",
        tag="Packages",
        path=[PACKAGE_NAME],
        parameters=[
            Parameter(
                "commits", "How many commits.", Annotated[int, Field(ge=0, le=1_000)], default=50
            ),
            FOLLOW,
        ],
        answers=json_answer("The package, in a list of one.", PackageDetails),
        problems={404: NO_PACKAGE},
        is_conditional=True,
    ),
    "POST /api/packages/refresh": Operation(
        id="refresh_packages",
        summary="Bring the catalogue up to date and list the packages",
        description="Answers when that is done. Who asks while a refresh runs waits for it.",
        tag="Packages",
        answers=json_answer("The packages.", Packages),
        problems={503: NO_WORKSPACE},
        access=Access.REQUIRED,
        permissions=[Permission.ManageWorkspace],
    ),
    "PUT /api/packages/update-config": Operation(
        id="update_package_config",
        summary="Change a package's manifest, on disk and in the catalogue",
        description="All of it or nothing.",
        tag="Packages",
        parameters=[
            Parameter(
                "If-Match", "An `ETag` of any read: the data that are built on.", is_header=True
            )
        ],
        body=Body({JSON: ConfigUpdate}),
        answers=json_answer("The package as it is now.", UpdatedPackage),
        problems={
            404: NO_PACKAGE,
            409: "The workspace is a bare repository (`workspace_is_bare`), or its files cannot be "
            "written (`workspace_not_writable`).",
            412: "The manifest changed on disk since the last refresh (`manifest_changed`), or "
            "`If-Match` does not hold.",
            503: NO_WORKSPACE,
        },
        access=Access.REQUIRED,
        permissions=[Permission.ManageWorkspace],
    ),
}
