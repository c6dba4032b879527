"""Relay's node: what can be found again by its global id."""

import strawberry


@strawberry.interface(description="Something that `node` finds again by its id.")
class Node:
    """Something that `node` finds again by its id."""

    id: strawberry.ID = strawberry.field(
        description="The global id: opaque, unique in the whole schema, and the same for ever."
    )
