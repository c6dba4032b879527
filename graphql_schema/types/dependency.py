"""Dependencies: the lines of a manifest's sections."""

from graphql_schema.engine.fields import column, entity, one
from graphql_schema.enumerations import DependencyKind
from graphql_schema.types.references import PackageRef
from registry import models


@entity(models.Dependency)
class Dependency:
    """Something that a package's manifest says it depends on."""

    name: str = column(models.Dependency.name, "Its name.")
    version: str = column(
        models.Dependency.range, "The versions that would do, as the manifest has it: `^1.2.3`."
    )
    type: DependencyKind = column(models.Dependency.kind, "The section that names it.")
    protocol: str = column(
        models.Dependency.protocol,
        "What kind of thing the range is: `registry`, `workspace`, `catalog`, `npm`, `file`, …",
    )
    latest: str = column(models.Dependency.latest, "Its latest version; empty if unknown.")
    outdated: bool = column(
        models.Dependency.outdated, "Whether the latest version is not among those that would do."
    )
    status: str = column(models.Dependency.status, "What is to be said of it; empty if nothing.")
    package: PackageRef | None = one(
        lambda dependency, package: package.id == dependency.target_id,
        "The package of the workspace that it is; null for one from outside.",
        visible_already=True,
    )
    dependent: PackageRef = one(
        lambda dependency, package: package.id == dependency.package_id,
        "The package that depends on it.",
        visible_already=True,
    )
