"""The root fields that change something: by the same rules and rights as over REST."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from strawberry.scalars import JSON

from graphql_schema.engine.context import Context
from graphql_schema.engine.fields import connection, one
from graphql_schema.engine.relay import Connection
from graphql_schema.filters import PackageFilter
from graphql_schema.orders import PACKAGE_ORDERS, PackageOrder
from graphql_schema.types.package import Package
from registry.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    PreconditionFailed,
    RegistryError,
    Unavailable,
)
from registry.web.authentication import require_write
from registry.web.conditional import check_if_match
from registry.web.database import db
from registry.web.workspace import refresh_configured_workspace

if TYPE_CHECKING:
    from registry.refresh import ScanReport

Info = strawberry.Info[Context, None]

# What is wrong with the request or the state of things, and a part of the payload. Who may not do
# it at all gets an error instead.
_USER_ERRORS = (InvalidInput, NotFound, Conflict, PreconditionFailed, Unavailable)


@strawberry.type(description="Why a change was not made.")
class UserError:
    """Why a change was not made."""

    code: str = strawberry.field(description="What it is: a stable word for programs.")
    message: str = strawberry.field(description="What it is, for people.")
    field: str | None = strawberry.field(
        description="The part of the input that is wrong; null if it is none in particular."
    )


def _user_errors(error: RegistryError) -> list[UserError]:
    fields = error.errors if isinstance(error, InvalidInput) else ()
    if not fields:
        return [UserError(code=error.code, message=error.detail, field=None)]
    return [UserError(code=error.code, message=each.message, field=each.field) for each in fields]


@strawberry.type(description="What one refresh found and changed.")
class Scan:
    """What one refresh found and changed."""

    head: str = strawberry.field(description="The commit that the workspace is at.")
    branch: str = strawberry.field(description="The branch; empty if there is none.")
    changed: bool = strawberry.field(description="Whether anything was new.")
    shared: bool = strawberry.field(
        description="Whether another refresh did the work while this one waited for it."
    )
    packages: int = strawberry.field(description="How many packages there are.")
    packages_changed: int = strawberry.field(description="How many of them changed.")
    commits_added: int = strawberry.field(description="How many commits came.")
    commits_removed: int = strawberry.field(description="How many commits went.")
    versions_added: int = strawberry.field(description="How many versions came.")
    issues: int = strawberry.field(description="How many issues there are.")


def _scan(report: "ScanReport") -> Scan:
    told = asdict(report)
    # The workspace's path is the server's own affair.
    return Scan(**{name: told[name] for name in Scan.__annotations__})


@strawberry.type(description="What came of a refresh.")
class RefreshPackagesPayload:
    """What came of a refresh."""

    success: bool = strawberry.field(description="Whether the catalogue is up to date.")
    errors: list[UserError] = strawberry.field(description="Why it is not; empty if it is.")
    scan: Scan | None = strawberry.field(description="What was found; null if it failed.")
    packages: Connection[Package] = connection(
        lambda package: package.workspace_id.is_not(None),
        "Every package of the workspace, as the catalogue now has them.",
        orders=PACKAGE_ORDERS,
        filter_by=PackageFilter,
        order_by=PackageOrder,
        page_size=50,
        visible_already=True,
    )


def refresh_packages(info: Info) -> RefreshPackagesPayload:
    """Bring the catalogue up to date with the workspace, as `POST /api/packages/refresh` does."""
    require_write()
    _end_reads(info)
    try:
        report = refresh_configured_workspace()
    except _USER_ERRORS as error:
        return RefreshPackagesPayload(success=False, errors=_user_errors(error), scan=None)
    return RefreshPackagesPayload(success=True, errors=[], scan=_scan(report))


@strawberry.input(
    description="Keys of a manifest; each that is given replaces, everything else stays."
)
class PackageConfig:
    """Keys of a manifest; each that is given replaces, everything else stays."""

    version: str | None = strawberry.field(
        default=strawberry.UNSET, description="A semantic version."
    )
    description: str | None = strawberry.field(
        default=strawberry.UNSET, description="What the package does."
    )
    license: str | None = strawberry.field(
        default=strawberry.UNSET, description="Its licence, an SPDX expression."
    )
    repository: JSON | None = strawberry.field(
        default=strawberry.UNSET, description="An address, or an object that has one."
    )
    scripts: JSON | None = strawberry.field(
        default=strawberry.UNSET, description="Commands by name."
    )
    dependencies: JSON | None = strawberry.field(
        default=strawberry.UNSET, description="Ranges by name."
    )
    dev_dependencies: JSON | None = strawberry.field(
        default=strawberry.UNSET, description="Ranges by name."
    )
    peer_dependencies: JSON | None = strawberry.field(
        default=strawberry.UNSET, description="Ranges by name."
    )

    def given(self) -> dict[str, Any]:
        """Give the keys that were given, as a manifest spells them."""
        keys = {"dev_dependencies": "devDependencies", "peer_dependencies": "peerDependencies"}
        return {
            keys.get(name, name): value
            for name, value in vars(self).items()
            if value is not strawberry.UNSET
        }


@strawberry.type(description="What came of a change of a manifest.")
class UpdatePackageConfigPayload:
    """What came of a change of a manifest."""

    # The package that was changed; None: it was not.
    name: strawberry.Private[str | None]
    success: bool = strawberry.field(description="Whether it was made.")
    message: str = strawberry.field(description="What happened, for people.")
    preserved_fields: bool = strawberry.field(
        description="Whether everything else in the manifest stayed as it was; it always does."
    )
    errors: list[UserError] = strawberry.field(description="Why it was not made; else empty.")
    package: Package | None = one(
        lambda package, payload: (package.name == payload.name) & package.workspace_id.is_not(None),
        "The package as it now is; null if it was not changed.",
        visible_already=True,
    )


def update_package_config(
    info: Info,
    package_name: Annotated[str, strawberry.argument(description="The package's name.")],
    config: Annotated[PackageConfig, strawberry.argument(description="What to change.")],
    package_path: Annotated[
        str | None,
        strawberry.argument(description="Where the package is believed to be: a claim to check."),
    ] = strawberry.UNSET,
) -> UpdatePackageConfigPayload:
    """Change a manifest, on disk and in the catalogue, as the route `update-config` does."""
    # With the first write: see `registry.web.workspace`.
    from registry.refresh import update_package_config as update_manifest  # noqa: PLC0415

    require_write()
    _end_reads(info)
    try:
        update_manifest(
            db.engine,
            package_name,
            config.given(),
            claimed_path=package_path or None,
            precondition=check_if_match,
        )
    except _USER_ERRORS as error:
        return UpdatePackageConfigPayload(
            name=None,
            success=False,
            message=error.detail,
            preserved_fields=True,
            errors=_user_errors(error),
        )
    return UpdatePackageConfigPayload(
        name=package_name,
        success=True,
        message="Package configuration updated successfully",
        preserved_fields=True,
        errors=[],
    )


def _end_reads(info: Info) -> None:
    """Let what is read after a change see it, whatever was read before."""
    info.context.session().commit()


@strawberry.type(description="What can be changed; needs a token with ManageWorkspace.")
class Mutation:
    """What can be changed."""

    refresh_packages: RefreshPackagesPayload = strawberry.field(
        resolver=refresh_packages,
        description="Bring the catalogue up to date with the workspace.",
    )
    update_package_config: UpdatePackageConfigPayload = strawberry.field(
        resolver=update_package_config,
        description="Change a package's manifest, on disk and in the catalogue, or neither.",
    )
