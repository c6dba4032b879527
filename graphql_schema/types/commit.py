"""Commits."""

from datetime import datetime

import strawberry
from sqlalchemy import func

from graphql_schema.engine.fields import column, connection, entity, global_id
from graphql_schema.engine.relay import Connection
from graphql_schema.engine.rows import Link
from graphql_schema.filters import PackageFilter
from graphql_schema.orders import COMMIT_PACKAGE_ORDERS
from graphql_schema.types.node import Node
from graphql_schema.types.references import PackageRef
from registry import models


@entity(models.Commit)
class Commit(Node):
    """One commit of the workspace's history. Its texts are git's."""

    id: strawberry.ID = global_id("Commit", models.Commit.id)
    hash: str = column(models.Commit.hash, "The full hash.")
    short_hash: str = column(
        lambda commit: func.substr(commit.hash, 1, 7), "The hash's first seven characters."
    )
    author: str = column(
        models.Commit.author_name, "The name that git has; a text, no author of the registry."
    )
    date: datetime = column(models.Commit.date, "When it entered this history.")
    authored_date: datetime = column(models.Commit.authored_date, "When it was first written.")
    message: str = column(models.Commit.message, "The subject.")
    type: str = column(
        models.Commit.type, "The conventional-commit type (`feat`, `fix`, …), else `other`."
    )
    scope: str = column(models.Commit.scope, "The conventional commit's scope; empty if none.")
    breaking: bool = column(models.Commit.breaking, "Whether it is marked as a breaking change.")
    merge: bool = column(
        models.Commit.merge, "Whether it has several parents; a merge belongs to no package."
    )
    packages: Connection[PackageRef] = connection(
        lambda commit, link: link.commit_id == commit.id,
        "The packages that it touched, by name.",
        link=Link(models.PackageCommit, "package_id"),
        orders=COMMIT_PACKAGE_ORDERS,
        filter_by=PackageFilter,
        visible_already=True,
    )
