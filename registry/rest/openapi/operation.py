"""What an operation is: all that the document says of one method of one route."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from registry.rest.limits import Policy
from registry.rules.permissions import Permission

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"

# Any annotation that pydantic knows: a `Shape`, an enumeration, `list[Commit]`, ...
Annotation = Any


@dataclass(frozen=True)
class Parameter:
    """A parameter in the address: in its path, or after it."""

    name: str
    description: str
    type: Annotation = str
    default: str | int | None = None
    is_required: bool = False
    # Values separated by commas, and not the parameter given several times.
    is_list: bool = False
    is_header: bool = False
    example: str | None = None


@dataclass(frozen=True)
class Body:
    """A request's body: what it is in each media type."""

    content: Mapping[str, Annotation]
    description: str = ""


@dataclass(frozen=True)
class Answer:
    """A successful response: what it is in each media type (none: no body), and its headers."""

    description: str
    content: Mapping[str, Annotation] = field(default_factory=dict)
    # Names of those that `headers.py` describes.
    headers: Sequence[str] = ()


class Access(Enum):
    """Whether a token is sent."""

    # None is asked for.
    PUBLIC = "public"
    # Not needed, but it may show more; a useless one is refused.
    OPTIONAL = "optional"
    # Needed.
    REQUIRED = "required"


@dataclass(frozen=True)
class Operation:
    """One method of one route."""

    # Names the function of a generated client; never changes.
    id: str
    summary: str
    tag: str
    answers: Mapping[int, Answer]
    description: str = ""
    # The parameters in the path, as they follow each other in the route.
    path: Sequence[Parameter] = ()
    parameters: Sequence[Parameter] = ()
    body: Body | None = None
    # Further refusals, or what a usual one means here, by status.
    problems: Mapping[int, str] = field(default_factory=dict)
    # What refusals may be written in besides problem documents.
    problem_content: Mapping[str, Annotation] = field(default_factory=dict)
    access: Access = Access.PUBLIC
    # Any one of them lets pass.
    permissions: Sequence[Permission] = ()
    # The limit that the route has of its own.
    policy: Policy | None = Policy.OTHER
    # Whether it bears an ETag and answers If-None-Match.
    is_conditional: bool = False
    # Whether it asks the database.
    needs_database: bool = True


def json_answer(
    description: str, shape: Annotation, *, status: int = 200, headers: Sequence[str] = ()
) -> dict[int, Answer]:
    """Make the answers of an operation that gives JSON with one status."""
    return {status: Answer(description, {JSON: shape}, headers)}


NO_CONTENT = {204: Answer("It is done.")}
