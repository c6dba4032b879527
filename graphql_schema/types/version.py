"""Versions, and what was published of them."""

from datetime import datetime
from typing import Any

import strawberry
from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import aliased

from graphql_schema.engine.fields import column, entity, global_id, one
from graphql_schema.enumerations import VersionStatus
from graphql_schema.scalars import BigInt
from graphql_schema.types.node import Node
from graphql_schema.types.references import CommitRef, PackageRef, VersionRef
from registry import models
from registry.accounts.provenance import built_from
from registry.catalogue.visibility import publication_is_visible, version_is_visible


def _hash(publication: Any) -> ColumnElement[str | None]:
    return case((publication.status == VersionStatus.PROCESSED, publication.hash))


def _loc(publication: Any) -> ColumnElement[str | None]:
    to_install = and_(
        publication.status == VersionStatus.PROCESSED,
        publication.is_stored.is_(True),
        publication.is_public.is_(True),
    )
    return case((to_install, publication.loc))


def _built_from(publication: Any) -> ColumnElement[str]:
    # A text, not the commit itself: a query that led on from here would be deeper than what older
    # releases of SQLite can read.
    commit = aliased(models.Commit)
    found = select(commit.hash).where(commit.id == built_from(publication)).correlate(publication)
    return func.coalesce(found.scalar_subquery(), "")


@entity(models.Publication, visible=publication_is_visible)
class Publication:
    """What an author uploaded of a version. Others see it once it is processed, if it is public."""

    status: VersionStatus = column(models.Publication.status, "How far its processing has come.")
    failure_reason: str = column(
        models.Publication.failure_reason,
        "Why it could not be processed, in a sentence; empty where it did not fail. Only its "
        "author sees a version that failed.",
    )
    is_public: bool = column(models.Publication.is_public, "Whether everyone may install it.")
    is_stored: bool = column(models.Publication.is_stored, "Whether the registry keeps its file.")
    installs: BigInt = column(models.Publication.installs, "How often it was installed.")
    size: BigInt = column(models.Publication.size, "Of its file, in bytes.")
    installed_size: BigInt = column(
        models.Publication.installed_size, "About how many bytes it takes once installed."
    )
    hash: str | None = column(_hash, "Of its file; null until it is processed.")
    loc: str | None = column(
        _loc, "Where to install it from; null unless it is processed, stored and public."
    )
    dependencies: list[list[str]] = column(
        models.Publication.dependencies,
        "What it needs: pairs of a package identifier and a version selection.",
    )
    incompatibilities: list[list[str]] = column(
        models.Publication.incompatibilities,
        "What it cannot be together with: pairs of a package identifier and a version selection.",
    )
    xp_selection: str = column(
        models.Publication.xp_selection, "The versions of the platform that it works with."
    )
    upload_date: datetime = column(models.Publication.upload_date, "When it was uploaded.")
    commit_hash: str = column(
        _built_from,
        "The full hash of the commit that it was built from: the one that its author stated, if "
        "the history has it, or else the one that introduced the version; empty if neither is "
        "known.",
    )
    version: VersionRef = one(
        lambda publication, version: version.id == publication.version_id,
        "The version that it is of.",
        visible_already=True,
    )


@entity(models.Version, visible=version_is_visible)
class Version(Node):
    """One version of a package: known from git, from a publication, or from both."""

    id: strawberry.ID = global_id("Version", models.Version.id)
    version: str = column(models.Version.version, "The version, as written.")
    date: datetime | None = column(
        models.Version.date, "When its commit introduced it, or its author uploaded it."
    )
    tag: str = column(models.Version.tag, "The tag that names it; empty if none does.")
    package: PackageRef = one(
        lambda version, package: package.id == version.package_id,
        "The package.",
        visible_already=True,
    )
    commit: CommitRef | None = one(
        lambda version, commit: commit.id == version.commit_id,
        "The commit that introduced it; of a version that git does not know, the one that it was "
        "built from, where its author stated that.",
    )
    publication: Publication | None = one(
        lambda version, publication: publication.version_id == version.id,
        "What its author uploaded; null if nothing was, or if it is not for the viewer to see.",
    )
