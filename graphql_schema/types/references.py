"""Names for types that refer to each other in circles: resolved when the schema is built."""

from typing import TYPE_CHECKING, Annotated

import strawberry

if TYPE_CHECKING:
    from graphql_schema.types.commit import Commit
    from graphql_schema.types.dependency import Dependency
    from graphql_schema.types.listing import Author, Listing
    from graphql_schema.types.package import Package
    from graphql_schema.types.version import Version

PackageRef = Annotated["Package", strawberry.lazy("graphql_schema.types.package")]
VersionRef = Annotated["Version", strawberry.lazy("graphql_schema.types.version")]
CommitRef = Annotated["Commit", strawberry.lazy("graphql_schema.types.commit")]
DependencyRef = Annotated["Dependency", strawberry.lazy("graphql_schema.types.dependency")]
ListingRef = Annotated["Listing", strawberry.lazy("graphql_schema.types.listing")]
AuthorRef = Annotated["Author", strawberry.lazy("graphql_schema.types.listing")]
