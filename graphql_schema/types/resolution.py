"""Which published versions go together, and who depends on one."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import strawberry

from graphql_schema.engine.context import Context
from graphql_schema.enumerations import Change, Platform
from registry.catalogue.version_index import VersionIndex, too_hard
from registry.publishing.dependents import list_dependents
from registry.publishing.fields import read_new_identifier, read_version
from registry.publishing.references import read_installed, read_wanted
from registry.web.settings import current_settings


@strawberry.input(description="A published package, and the versions of it that will do.")
class WantedPackage:
    """A published package, and the versions of it that will do."""

    package_id: str = strawberry.field(description="Its identifier, partial or full.")
    selection: str = strawberry.field(
        default="*", description="A version selection, such as `1.2-`; all versions if left out."
    )


@strawberry.input(description="A package that is installed, of this registry or another.")
class InstalledPackage:
    """A package that is installed, of this registry or another."""

    package_id: str = strawberry.field(description="Its identifier, partial or full.")
    version: str = strawberry.field(description="The version that is installed.")


@strawberry.type(description="A package in the version that is to be installed.")
class ResolvedPackage:
    """A package in the version that is to be installed."""

    package_id: str = strawberry.field(
        description="Its partial identifier; the full one if it is of another registry."
    )
    version: str = strawberry.field(description="The version.")
    change: Change = strawberry.field(description="What that means for what is installed.")


@strawberry.type(description="What goes together; or the reason why nothing does.")
class Resolution:
    """What goes together; or the reason why nothing does."""

    is_resolved: bool = strawberry.field(description="Whether anything goes together.")
    packages: list[ResolvedPackage] = strawberry.field(
        description="All that is installed in the end, by identifier; empty if nothing goes "
        "together."
    )
    external: list[list[str]] = strawberry.field(
        description="What these need of other registries, which is not known here: pairs of a "
        "package identifier and a version selection."
    )
    reason: str = strawberry.field(
        description="Why nothing goes together, for people; empty if something does."
    )


@strawberry.type(description="A published version that needs another package.")
class VersionDependent:
    """A published version that needs another package."""

    package_id: str = strawberry.field(description="The partial identifier of its package.")
    version: str = strawberry.field(description="The version.")
    selection: str = strawberry.field(description="Which versions of what it needs will do.")
    breaks: bool = strawberry.field(
        description="Whether no other version that the viewer may install will do."
    )


def find_resolution(
    info: strawberry.Info[Context, None],
    wanted: Annotated[
        list[WantedPackage], strawberry.argument(description="What is to be installed.")
    ],
    installed: Annotated[
        list[InstalledPackage] | None,
        strawberry.argument(
            description="What is installed: it stays, and in its version where that is possible."
        ),
    ] = None,
    platform: Annotated[
        Platform | None, strawberry.argument(description="Only versions that support this one.")
    ] = None,
    xp_version: Annotated[
        str | None,
        strawberry.argument(description="Only versions for this version of the simulator."),
    ] = None,
) -> Resolution:
    """Find what to install, as `GET /packages/resolve` does."""
    # The solver is loaded when first asked: nothing else needs it.
    from registry.catalogue.resolution import resolve  # noqa: PLC0415 -- see above

    repository = current_settings().repository_name
    wants = read_wanted([(each.package_id, each.selection) for each in wanted], repository)
    has = read_installed([(each.package_id, each.version) for each in installed or ()], repository)
    index = VersionIndex(
        info.context.session(),
        info.context.viewer,
        repository,
        platform=platform,
        xp_version=None if xp_version is None else read_version(xp_version, "xpVersion"),
    )
    with _timed(info.context) as seconds:
        found = resolve(index, wants, has, seconds=seconds)
    return Resolution(
        is_resolved=not found.reason,
        packages=[
            ResolvedPackage(
                package_id=each.identifier.removeprefix(f"{repository}/"),
                version=str(each.version),
                change=each.change,
            )
            for each in found.packages
        ],
        external=[[each.identifier, each.selection.canonical] for each in found.external],
        reason=found.reason,
    )


def find_version_dependents(
    info: strawberry.Info[Context, None],
    package_id: Annotated[str, strawberry.argument(description="The partial identifier.")],
    version: Annotated[str, strawberry.argument(description="The version.")],
) -> list[VersionDependent]:
    """List dependents, as `GET /packages/info/:packageId/:packageVersion/dependents` does."""
    identifier = read_new_identifier(package_id)
    wanted = read_version(version, "version")
    with _timed(info.context):
        found = list_dependents(
            info.context.session(),
            info.context.viewer,
            identifier,
            wanted,
            current_settings().repository_name,
        )
    return [
        VersionDependent(
            package_id=each.identifier,
            version=each.version,
            selection=each.selection,
            breaks=each.breaks,
        )
        for each in found
    ]


@contextmanager
def _timed(context: Context) -> Iterator[float]:
    """Take what is done from the operation's time; gives how much of it is left."""
    if context.searching_seconds <= 0:
        raise too_hard()
    start = time.monotonic()
    try:
        yield context.searching_seconds
    finally:
        context.searching_seconds -= time.monotonic() - start
