"""The schema, made once for the process."""

from functools import cache

import strawberry
from strawberry.schema.config import StrawberryConfig

from graphql_schema.engine import fieldwise
from graphql_schema.engine.checks import check_schema
from graphql_schema.engine.fields import SqlField
from graphql_schema.scalars import SCALARS
from graphql_schema.types.mutation import Mutation
from graphql_schema.types.query import Query

SqlField.resolve = staticmethod(fieldwise.resolve)


@cache
def make_schema() -> strawberry.Schema:
    """Make the schema, and check that it can be compiled."""
    schema = strawberry.Schema(
        query=Query, mutation=Mutation, config=StrawberryConfig(scalar_map=SCALARS)
    )
    check_schema(schema)
    return schema


def schema_text() -> str:
    """Write the schema in GraphQL's schema definition language."""
    return make_schema().as_str() + "\n"
