"""JSON as every answer has it: orjson's speed, the contract's times."""

from datetime import datetime
from typing import Any

import orjson
from flask import Flask, Response
from flask.json.provider import JSONProvider

from registry.rules.times import format_time

# How many arrays and objects a text that is sent may have inside one another.
DEEPEST = 100

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


class TooDeep(ValueError):
    """A JSON text has more arrays and objects inside one another than anything that is asked."""


def read_json(text: str | bytes) -> Any:
    """Read a JSON text that somebody sent.

    Raises:
        orjson.JSONDecodeError: it is none.
        TooDeep: it is nested more than `DEEPEST` levels. What goes through values level by level
            need not think of the end of Python's stack.
    """
    sent = text.encode() if isinstance(text, str) else text
    value = orjson.loads(sent)
    # Most have fewer openings than levels are allowed.
    if sent.count(b"[") + sent.count(b"{") > DEEPEST and _is_too_deep(value):
        raise TooDeep(f"it is nested more than {DEEPEST} levels deep")
    return value


def _is_too_deep(value: object) -> bool:
    level = [value]
    for _ in range(DEEPEST + 1):
        level = [
            child
            for each in level
            if isinstance(each, list | dict)
            for child in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return False
    return True


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
