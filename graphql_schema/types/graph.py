"""The graph of what depends on what within the workspace."""

from typing import Any

import strawberry
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import aliased

from graphql_schema.engine.fields import column, computed, entity, many
from graphql_schema.enumerations import DependencyKind, PackageKind
from registry import models
from registry.dependencies.graph import read_cycles


def _name_of(package_id: ColumnElement[int], row: Any) -> ColumnElement[str]:
    package = aliased(models.Package)
    name = select(package.name).where(package.id == package_id).correlate(row)
    return func.coalesce(name.scalar_subquery(), "")


@entity(models.Package)
class GraphNode:
    """A package of the workspace, in the graph."""

    name: str = column(models.Package.name, "Its name.")
    type: PackageKind = column(models.Package.type, "What it is.")


@entity(models.Dependency)
class GraphEdge:
    """One package of the workspace depends on another."""

    from_: str = column(
        lambda dependency: _name_of(dependency.package_id, dependency),
        "The package that depends.",
        name="from",
    )
    to: str = column(
        lambda dependency: _name_of(dependency.target_id, dependency),
        "The package that it depends on.",
    )
    type: DependencyKind = column(models.Dependency.kind, "The manifest's section that says so.")


@strawberry.type(description="What depends on what within the workspace.")
class DependencyGraph:
    """What depends on what within the workspace. It has no pages: a part of it is no use."""

    nodes: list[GraphNode] = many(
        lambda package: package.workspace_id.is_not(None),
        "Every package of the workspace, by name.",
        order=lambda package: (package.name, package.id),
        expected=500,
    )
    edges: list[GraphEdge] = many(
        lambda dependency: dependency.target_id.is_not(None),
        "Every dependency of one on another, package by package.",
        order=lambda dependency: (dependency.package_id, dependency.name, dependency.kind),
        expected=2_500,
    )
    cycles: list[list[str]] = computed(
        read_cycles,
        "Circles of packages that depend on each other: each depends on the next, the last on the "
        "first. Every package on a circle is on one of them.",
        expected=2_500,
    )
