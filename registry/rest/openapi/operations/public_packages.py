"""What anyone may ask of the registry: what there is to install, and how often it was."""

from typing import Annotated

from pydantic import Field

from registry.rest.limits import Policy
from registry.rest.openapi.operation import Access, Operation, Parameter, json_answer
from registry.rest.openapi.operations.account import PACKAGE_ID, PACKAGE_VERSION, Pair
from registry.rest.openapi.shape import Count, HashOrEmpty, Shape, Time
from registry.rules.enumerations import PackageType

_NO_VERSION = "There is no such version, or it is not for you."
_REFUSED_PATH = [Parameter("repository", "A registry's name."), PACKAGE_ID, PACKAGE_VERSION]


class Platforms(Shape):
    """The platforms that a version supports."""

    mac_os: Annotated[bool, Field(alias="macOS")]
    windows: bool
    linux: bool


class InstallableVersion(Shape):
    """A version that anyone may install."""

    version: str
    dependencies: list[Pair]
    """Each a full identifier and a version selection."""
    incompatibilities: list[Pair]
    xplane_selection: str
    platforms: Platforms


class InstallablePackage(Shape):
    """A package with something to install; versions with the oldest first."""

    package_id: str
    package_name: str
    author_id: str
    author_name: str
    description: str
    package_type: PackageType
    versions: list[InstallableVersion]


class InstallablePackages(Shape):
    """All packages with something to install, by identifier."""

    generated: Time
    """When the data last changed."""
    packages: list[InstallablePackage]


class Installable(Shape):
    """Where a version is installed from, and what it goes together with."""

    loc: str
    hash: str
    """The SHA-256 of the file."""
    dependencies: list[Pair]
    incompatibilities: list[Pair]
    commit: HashOrEmpty
    """The commit that it was built from; empty: not known."""


class InstallHour(Shape):
    """How often a version was installed within an hour."""

    timestamp: Time
    """The hour's beginning."""
    downloads: Count
    commit: HashOrEmpty
    """The commit that the version was built from; empty: not known."""


class Meta(Shape):
    """Which registry this is."""

    name: str
    identifier: str
    description: str


def _refused(id_: str, policy: Policy) -> Operation:
    return Operation(
        id=id_,
        summary="Refuse a full identifier in front of a version",
        tag="Installing",
        path=_REFUSED_PATH,
        answers={},
        problems={400: "Give the partial identifier (`full_id_or_invalid`)."},
        policy=policy,
        needs_database=False,
    )


OPERATIONS = {
    "GET /packages": Operation(
        id="list_installable_packages",
        summary="List all packages with something to install",
        tag="Installing",
        answers=json_answer("The packages.", InstallablePackages),
        policy=Policy.PACKAGES,
        is_conditional=True,
    ),
    "GET /packages/info/<package_id>/<package_version>": Operation(
        id="get_installable_version",
        summary="Tell where a version is installed from, and what it goes together with",
        description="The private key may also be sent in the body, as `privateKey`.",
        tag="Installing",
        path=[PACKAGE_ID, PACKAGE_VERSION],
        parameters=[
            Parameter("X-Private-Key", "The key of a version that is not public.", is_header=True)
        ],
        answers=json_answer("The version.", Installable),
        problems={
            404: _NO_VERSION,
            413: "The body is larger than the server takes.",
            415: "The body is of a kind that is not read here.",
        },
        access=Access.OPTIONAL,
        policy=Policy.PACKAGE_INFO,
        is_conditional=True,
    ),
    "GET /packages/info/<repository>/<package_id>/<package_version>": _refused(
        "refuse_full_identifier_of_info", Policy.PACKAGE_INFO
    ),
    "GET /analytics/<package_id>/<package_version>": Operation(
        id="list_installs",
        summary="List the hours in which a version was installed",
        description="At most 30 days, by default the last one; both hours are included.",
        tag="Installing",
        path=[PACKAGE_ID, PACKAGE_VERSION],
        parameters=[
            Parameter(
                "after",
                "From the hour of this moment on, in milliseconds since 1970.",
                Annotated[int, Field(ge=1_672_531_200_000)],
            ),
            Parameter(
                "before",
                "Until the hour of this moment, likewise.",
                Annotated[int, Field(ge=1_672_531_260_000)],
            ),
        ],
        answers=json_answer("The hours, the earliest first.", list[InstallHour]),
        problems={404: _NO_VERSION},
        access=Access.OPTIONAL,
        policy=Policy.ANALYTICS,
        is_conditional=True,
    ),
    "GET /analytics/<repository>/<package_id>/<package_version>": _refused(
        "refuse_full_identifier_of_analytics", Policy.ANALYTICS
    ),
    "GET /meta": Operation(
        id="get_meta",
        summary="Tell which registry this is",
        tag="Installing",
        answers=json_answer("Its names.", Meta),
        policy=Policy.META,
        is_conditional=True,
        needs_database=False,
    ),
}
