"""Listings, their authors, and the author who is asking."""

from typing import Any

import strawberry
from sqlalchemy import ColumnElement, and_, case, exists, select
from sqlalchemy.orm import aliased

from graphql_schema.engine.fields import column, entity, global_id, many, one
from graphql_schema.enumerations import PackageType
from graphql_schema.types.node import Node
from graphql_schema.types.references import PackageRef, VersionRef
from registry import models
from registry.catalogue.visibility import listing_is_visible, publication_is_visible
from registry.rules.viewer import Viewer


def _own_id(author: Any, viewer: Viewer) -> ColumnElement[str | None]:
    return case((author.id == viewer.author_id, author.author_id))


@entity(models.Author)
class Author(Node):
    """Someone who publishes."""

    id: strawberry.ID = global_id("Author", models.Author.id)
    name: str = column(models.Author.name, "The author's name.")
    author_id: str | None = column(
        _own_id, "The registry's name for the author; told to that author only."
    )


def _was_published(listing: Any, version: Any, viewer: Viewer) -> ColumnElement[bool]:
    publication = aliased(models.Publication)
    # Not just any: that a version known from git was published may be its author's own affair.
    published = exists(
        select(publication.version_id)
        .where(publication.version_id == version.id, publication_is_visible(publication, viewer))
        .correlate(version)
    )
    return and_(version.package_id == listing.package_id, published)


@entity(models.Listing, visible=listing_is_visible)
class Listing(Node):
    """An author's registration of a package. Others see it once there is something to install."""

    id: strawberry.ID = global_id("Listing", models.Listing.home_id)
    package_id: str = column(
        models.Listing.identifier, "The partial identifier: `author.package.variant`."
    )
    package_name: str = column(models.Listing.name, "The name, for people.")
    package_type: PackageType = column(models.Listing.package_type, "What it is.")
    description: str = column(models.Listing.description, "What it does.")
    author: Author = one(
        lambda listing, author: author.id == listing.author_id, "Who published it."
    )
    package: PackageRef = one(
        lambda listing, package: package.id == listing.package_id,
        "The package.",
        visible_already=True,
    )
    versions: list[VersionRef] = many(
        _was_published,
        "What was published of it, as far as the viewer sees, by precedence, the oldest first.",
        order=lambda version: (version.sort_key, version.id),
        expected=20,
    )


@entity(models.Author, name="Viewer")
class ViewerAccount:
    """The author whose token was sent."""

    author_id: str = column(models.Author.author_id, "The registry's name for the author.")
    name: str = column(models.Author.name, "The author's name.")
    packages: list[Listing] = many(
        lambda author, listing: listing.author_id == author.id,
        "What the author lists, by identifier.",
        order=lambda listing: (listing.identifier,),
        expected=50,
    )
