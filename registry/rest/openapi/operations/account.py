"""The account API: what the token's author has published, and how it stands to the workspace."""

from typing import Annotated

from pydantic import Field

from registry.rest.limits import Policy
from registry.rest.openapi.operation import (
    JSON,
    NO_CONTENT,
    Access,
    Body,
    Operation,
    Parameter,
    json_answer,
)
from registry.rest.openapi.shape import Count, HashOrEmpty, Shape, Time, absent
from registry.rules.enumerations import PackageType, VersionStatus
from registry.rules.permissions import Permission

PACKAGE_ID = Parameter(
    "packageId", "The package's partial identifier, in any case.", example="example.package1"
)
PACKAGE_VERSION = Parameter("packageVersion", "The version; missing parts are 0.", example="1.0.0")
Pair = Annotated[list[str], Field(min_length=2, max_length=2)]
UPDATE_VERSION_DATA = (
    Permission.UpdateVersionDataAnyPackage,
    Permission.UpdateVersionDataSpecificPackages,
)
UPLOAD = (Permission.UploadVersionAnyPackage, Permission.UploadVersionSpecificPackages)
NOT_YOURS = (
    "The token lacks the permission (`insufficient_scope`), or this account has no such package or "
    "version (`not_your_package`)."
)
_NONE_OF_YOURS = "There is no such package or version of yours; another author's answers so, too."


class PublishedVersion(Shape):
    """A version that was published."""

    version: str
    is_public: bool
    is_stored: bool
    installs: Count
    status: VersionStatus
    dependencies: list[Pair]
    """Each a full identifier and a version selection."""
    incompatibilities: list[Pair]
    size: Count
    """Of its file, in bytes."""
    installed_size: Count
    xp_selection: str
    upload_date: Time
    hash: str = absent
    """The SHA-256 of its file; only once it is processed."""
    loc: str = absent
    """Where to get it; only where it is processed, stored and public."""
    commit: HashOrEmpty
    """The commit that it was built from; empty: not known."""
    failure_reason: str = absent
    """Why it could not be processed; only of one version, and where it failed."""


class PublishedPackage(Shape):
    """A package that the author registered, with its versions, the oldest first."""

    package_id: str
    package_name: str
    description: str
    package_type: PackageType
    versions: list[PublishedVersion]


class PublishedPackages(Shape):
    """An author's packages by identifier: the same list under both keys."""

    packages: list[PublishedPackage]
    data: list[PublishedPackage]


class PublishedVersionDetail(PublishedVersion):
    """A version that was published, and why it failed if it did."""

    failure_reason: str = absent
    """What is wrong with its file; only where that is known."""


class PublishedPackageVersion(Shape):
    """One version of one package."""

    package_id: str
    package_name: str
    author_id: str
    author_name: str
    description: str
    package_type: PackageType
    version_data: PublishedVersionDetail


class Link(Shape):
    """Which package of the workspace may have the listing."""

    package_name: str
    """Empty: none."""
    is_linked: bool


class NewLink(Shape):
    """The package of the workspace that may have the listing."""

    package_name: Annotated[str, Field(min_length=1, max_length=214)]


class AccountData(Shape):
    """Who the token's author is here."""

    id: str
    name: str
    email: str
    """Empty: authors have no address here."""
    is_verified: bool
    verified: bool
    """The same as `isVerified`."""
    used_storage: Count
    """In bytes, as the next."""
    total_storage: Count


_Packages = Annotated[list[str], Field(max_length=32)]


class NewToken(Shape):
    """What an author wants of a new token."""

    name: Annotated[str, Field(min_length=3, max_length=32)]
    permissions: Annotated[int, Field(ge=2, le=65_535)]
    """A sum of bits, without Admin (1)."""
    expires: Annotated[int, Field(ge=1, le=365)]
    """In how many days."""
    description: Annotated[str, Field(max_length=256)] = absent
    version_upload_packages: _Packages = absent
    """The packages that UploadVersionSpecificPackages is for; likewise the next."""
    description_update_packages: _Packages = absent
    update_version_data_packages: _Packages = absent
    view_analytics_packages: _Packages = absent


class IssuedToken(Shape):
    """A new token; shown this once."""

    token: str


def _account(
    id_: str, summary: str, answer: str, shape: type[Shape], path: list[Parameter]
) -> Operation:
    return Operation(
        id=id_,
        summary=summary,
        tag="Account",
        path=path,
        answers=json_answer(answer, shape),
        problems={404: _NONE_OF_YOURS} if path else {},
        access=Access.REQUIRED,
        permissions=[Permission.ViewPackages],
        policy=Policy.ACCOUNT,
        is_conditional=True,
    )


def _change_of_link(id_: str, summary: str, body: Body | None) -> Operation:
    return Operation(
        id=id_,
        summary=summary,
        tag="Account",
        path=[PACKAGE_ID],
        body=body,
        answers=json_answer("How the two stand to each other now.", Link),
        problems={404: _NONE_OF_YOURS},
        access=Access.REQUIRED,
        permissions=UPDATE_VERSION_DATA,
        policy=Policy.ACCOUNT,
    )


OPERATIONS = {
    "GET /account/packages": _account(
        "list_account_packages",
        "List all packages of the author, with all their versions",
        "The packages.",
        PublishedPackages,
        [],
    ),
    "GET /account/packages/<package_id>": _account(
        "get_account_package",
        "Show one package of the author, with all its versions",
        "The package.",
        PublishedPackage,
        [PACKAGE_ID],
    ),
    "GET /account/packages/<package_id>/<package_version>": _account(
        "get_account_version",
        "Show one version of one package of the author",
        "The version.",
        PublishedPackageVersion,
        [PACKAGE_ID, PACKAGE_VERSION],
    ),
    "GET /account/packages/<repository>/<package_id>/<package_version>": Operation(
        id="refuse_full_identifier",
        summary="Refuse a full identifier in front of a version",
        tag="Account",
        path=[Parameter("repository", "A registry's name."), PACKAGE_ID, PACKAGE_VERSION],
        answers={},
        problems={400: "Give the partial identifier."},
        access=Access.REQUIRED,
        permissions=[Permission.ViewPackages],
        policy=Policy.ACCOUNT,
    ),
    "DELETE /account/packages/<package_id>/<package_version>": Operation(
        id="remove_account_version",
        summary="Remove a version of one of the author's packages",
        tag="Account",
        path=[PACKAGE_ID, PACKAGE_VERSION],
        answers=NO_CONTENT,
        problems={
            404: _NONE_OF_YOURS,
            409: "It is still processed (`still_processing`).",
        },
        access=Access.REQUIRED,
        permissions=UPLOAD,
        policy=Policy.ACCOUNT,
    ),
    "GET /account/packages/<package_id>/workspace": _account(
        "get_account_link",
        "Tell which package of the workspace may have the listing",
        "How the two stand to each other.",
        Link,
        [PACKAGE_ID],
    ),
    "PUT /account/packages/<package_id>/workspace": _change_of_link(
        "allow_account_link",
        "Allow a package of the workspace to have the listing",
        Body({JSON: NewLink}),
    ),
    "DELETE /account/packages/<package_id>/workspace": _change_of_link(
        "end_account_link", "Allow none any more; a link ends", None
    ),
    "GET /account/data": Operation(
        id="get_account_data",
        summary="Tell an author who they are here, and how much they store",
        tag="Account",
        answers=json_answer("The author's data.", AccountData),
        access=Access.REQUIRED,
        permissions=[Permission.ReadAuthorData],
        policy=Policy.ACCOUNT_DATA,
        is_conditional=True,
    ),
    "POST /auth/issue": Operation(
        id="issue_token",
        summary="Issue a token to the caller",
        tag="Account",
        body=Body({JSON: NewToken}),
        answers=json_answer("The token, this once.", IssuedToken),
        access=Access.REQUIRED,
        permissions=[Permission.Admin],
        policy=Policy.AUTH_ISSUE,
    ),
}
