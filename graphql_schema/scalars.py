"""Scalars: moments in the contract's format, and whole numbers beyond 32 bits."""

from datetime import datetime
from typing import NewType

from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition, scalar

from registry.rules.times import EARLIEST, LATEST, format_time

BigInt = NewType("BigInt", int)


def _parse_moment(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not EARLIEST <= moment <= LATEST:
        raise GraphQLError(
            "A DateTime is a text such as `2020-12-05T10:43:14.208Z`, with its offset from UTC."
        )
    return moment


SCALARS: dict[object, ScalarDefinition] = {
    datetime: scalar(
        name="DateTime",
        description="A moment in UTC, with milliseconds: `2020-12-05T10:43:14.208Z` (ISO 8601).",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=format_time,
        parse_value=_parse_moment,
    ),
    BigInt: scalar(
        name="BigInt",
        description="A whole number of up to 53 bits, which JavaScript's numbers hold exactly.",
        serialize=int,
        parse_value=int,
    ),
}
