"""JSON as every answer has it: orjson's speed, the contract's times."""

from datetime import datetime
from typing import Any

import orjson
from flask import Flask, Response
from flask.json.provider import JSONProvider

from registry.rules.times import format_time

# orjson's own dates have microseconds and `+00:00`; the contract's have milliseconds and `Z`.
_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME


def dump_json(value: object) -> bytes:
    """Write a value as JSON in UTF-8; an `orjson.Fragment` in it goes in as it is.

    Raises:
        TypeError: the value holds something that JSON has no form for.
    """
    return orjson.dumps(value, default=_default, option=_OPTIONS)


def _default(value: object) -> str:
    if isinstance(value, datetime):
        return format_time(value)
    raise TypeError(f"JSON has no form for a {type(value).__name__}")


def json_response(value: object, status: int = 200) -> Response:
    """Answer with a value as `application/json`."""
    return Response(dump_json(value), status, mimetype="application/json")


def ready_response(text: bytes) -> Response:
    """Answer with what is JSON in UTF-8 already."""
    return Response(text, mimetype="application/json")


class OrjsonProvider(JSONProvider):
    """What Flask and its extensions write and read JSON with."""

    def dumps(self, obj: Any, **_options: Any) -> str:
        """Write a value; the options of the standard library's encoder have no meaning here."""
        return dump_json(obj).decode()

    def loads(self, s: str | bytes, **_options: Any) -> Any:
        """Read a text."""
        return orjson.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """Answer with the arguments, as `flask.jsonify` promises."""
        return json_response(self._prepare_response_obj(args, kwargs))


def init_json(app: Flask) -> None:
    """Let the app write and read its JSON with orjson."""
    app.json = OrjsonProvider(app)
