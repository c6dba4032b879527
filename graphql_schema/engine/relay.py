"""The types of Relay's connections (https://relay.dev/graphql/connections.htm)."""

from typing import Generic, TypeVar

import strawberry

T = TypeVar("T")


@strawberry.type(description="What lies before and after a page.")
class PageInfo:
    """What lies before and after a page."""

    has_next_page: bool = strawberry.field(description="Whether there are nodes after the page.")
    has_previous_page: bool = strawberry.field(
        description="Whether there are nodes before the page."
    )
    start_cursor: str | None = strawberry.field(
        description="The first node's cursor; null on an empty page."
    )
    end_cursor: str | None = strawberry.field(
        description="The last node's cursor; null on an empty page."
    )


@strawberry.type(description="A node and its place in a connection.")
class Edge(Generic[T]):
    """A node and its place in a connection."""

    cursor: str = strawberry.field(
        description="The node's place, for `after` and `before`: opaque, and good for as long as "
        "the node keeps its place."
    )
    node: T = strawberry.field(description="The node.")


@strawberry.type(description="A list in pages.")
class Connection(Generic[T]):
    """A list in pages."""

    total_count: int = strawberry.field(description="How many nodes there are on all pages.")
    page_info: PageInfo = strawberry.field(description="What lies before and after this page.")
    nodes: list[T] = strawberry.field(description="This page's nodes.")
    edges: list[Edge[T]] = strawberry.field(description="This page's nodes with their cursors.")
