"""The request's body as JSON, or the refusal that says what is wrong with it."""

from typing import Any

import orjson
from flask import Flask, Request, request
from werkzeug.exceptions import RequestEntityTooLarge

from registry.errors import InvalidInput
from registry.settings import Settings
from registry.web.errors import BodyTooLarge, UnsupportedMediaType
from registry.web.json import TooDeep, read_json
from registry.web.settings import current_settings


class BoundedRequest(Request):
    """A request whose body is read whole or refused, whether its length was told or not."""

    def get_data(self, *args: Any, **kwargs: Any) -> Any:
        """Give the body.

        Raises:
            BodyTooLarge: it is over the limit (`REGISTRY_MAX_BODY_BYTES`).
        """
        limit = current_settings().max_body_bytes
        try:
            data = super().get_data(*args, **kwargs)
        except RequestEntityTooLarge:
            data = None
        if data is None or len(data) > limit:
            raise BodyTooLarge(f"The body is larger than {limit:,} bytes.")
        return data


def init_body(app: Flask, settings: Settings) -> None:
    """Let no view read a body over the limit."""
    app.request_class = BoundedRequest
    # One more than the limit: of a chunked body, Werkzeug gives that much and keeps silent about
    # the rest, so what is cut off there could pass for a whole one.
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes + 1


def raw_body(limit: int) -> bytes:
    """Read the body as it is, whatever it is declared to be.

    Args:
        limit: how many bytes it may have, which may be more than other bodies may.

    Raises:
        UnsupportedMediaType: it is compressed.
        BodyTooLarge: it is over the limit.
    """
    refuse_compressed()
    # One more than the limit, for the reason that `init_body` gives.
    request.max_content_length = limit + 1
    try:
        content = request.stream.read(limit + 1)
    except RequestEntityTooLarge:
        content = None
    if content is None or len(content) > limit:
        raise BodyTooLarge(f"The body is larger than {limit:,} bytes.")
    return content


def json_object_body() -> dict[str, Any]:
    """Read the body as a JSON object; of a name that is given twice, the last counts.

    Raises:
        InvalidInput: it is not an object.
        RegistryError: it is not JSON; see `json_body`.
    """
    value = json_body()
    if not isinstance(value, dict):
        raise InvalidInput("The body is JSON, but not an object.", code="not_an_object")
    return value


def json_body() -> Any:
    """Read the body as JSON.

    Without a Content-Type the body is taken for JSON, as many scripts send it.

    Raises:
        UnsupportedMediaType: it is declared as something else, compressed, or not in UTF-8.
        BodyTooLarge: it is over the limit (`REGISTRY_MAX_BODY_BYTES`).
        InvalidInput: it is not JSON, nested too deeply, or holds U+0000.
    """
    _check_media_type()
    raw = request.get_data()
    try:
        value = read_json(raw)
    except orjson.JSONDecodeError as error:
        # The decoder's sentence names a place, and shows nothing of the body.
        raise InvalidInput(f"The body is not JSON: {error}.", code="invalid_json") from None
    except TooDeep as error:
        raise InvalidInput(f"The body cannot be read: {error}.", code="invalid_json") from None
    # No text of the contract has this character, and PostgreSQL has no place for it.
    if b"\\u0000" in raw and "\0" in _texts(value):
        raise InvalidInput("The body holds the character U+0000.", code="invalid_json")
    return value


def _check_media_type() -> None:
    kind = request.mimetype
    if kind and kind != "application/json" and not _is_json_suffixed(kind):
        raise UnsupportedMediaType(f"The body is sent as {kind}: send it as application/json.")
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if charset not in {"utf-8", "utf8", "us-ascii"}:
        raise UnsupportedMediaType("JSON is in UTF-8 (RFC 8259, 8.1): send it so.")
    refuse_compressed()


def refuse_compressed() -> None:
    """Refuse a compressed body.

    Raises:
        UnsupportedMediaType: it is one.
    """
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType("The body is compressed: send it as it is.")


def _is_json_suffixed(kind: str) -> bool:
    return kind.startswith("application/") and kind.endswith("+json")


def _texts(value: object) -> str:
    """Join all texts in a JSON value, names included."""
    found: list[str] = []
    waiting = [value]
    while waiting:
        match waiting.pop():
            case str() as text:
                found.append(text)
            case list() as items:
                waiting.extend(items)
            case dict() as members:
                waiting.extend(members)
                waiting.extend(members.values())
            case _:
                pass
    return "\n".join(found)
