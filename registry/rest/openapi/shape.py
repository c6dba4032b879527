"""What the shapes of requests and answers are made of."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z"


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


class Shape(BaseModel):
    """A JSON object; its keys are its fields' names in camel case, in the documented order.

    More keys may be added to it one day, so a client should not mind those that it does not know.
    """

    model_config = ConfigDict(alias_generator=to_camel, use_attribute_docstrings=True)


class Request(Shape):
    """A JSON object that is sent, in which an unknown key is an error."""

    model_config = ConfigDict(extra="forbid")


# A key that is not always there.
absent: Any = Field(default=None, json_schema_extra=_without_default)

Time = Annotated[
    str,
    Field(
        pattern=f"^{_TIME}$",
        examples=["2026-01-05T10:43:14.208Z"],
        json_schema_extra={"format": "date-time"},
    ),
]
TimeOrEmpty = Annotated[str, Field(pattern=f"^({_TIME})?$", examples=["2026-01-05T10:43:14.208Z"])]
Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Day = Annotated[str, Field(json_schema_extra={"format": "date"})]
Hash = Annotated[str, Field(pattern="^([0-9a-f]{40}|[0-9a-f]{64})$")]
HashOrEmpty = Annotated[str, Field(pattern="^([0-9a-f]{40}|[0-9a-f]{64})?$")]
Count = Annotated[int, Field(ge=0)]
Score = Annotated[int, Field(ge=0, le=100)]
Percent = Annotated[float, Field(ge=0, le=100)]
Milliseconds = Annotated[float, Field(ge=0)]
# A file, or a text that is not JSON.
Binary = Annotated[bytes, Field(json_schema_extra={"format": "binary"})]
