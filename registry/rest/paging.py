"""Pages: opaque cursors, and the link to the next page (RFC 8288)."""

from base64 import b64decode, urlsafe_b64encode
from urllib.parse import urlencode

from flask import request

from registry.errors import InvalidInput


def encode_cursor(key: str) -> str:
    """Make an opaque cursor of the last item's key."""
    return urlsafe_b64encode(key.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> str:
    """Read a cursor that `encode_cursor` made.

    Raises:
        InvalidInput: it is none.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        key = b64decode(padded, altchars=b"-_", validate=True).decode()
    except ValueError:
        key = "\0"
    # No database keeps NUL in a text, so no key holds one.
    if "\0" in key:
        raise InvalidInput.of("cursor", "is no cursor of this list; take it from the Link header.")
    return key


def next_link(cursor: str) -> str:
    """Write the Link header's value that leads on from this request to the next page."""
    arguments = {**request.args.to_dict(), "cursor": cursor}
    return f'<{request.path}?{urlencode(arguments)}>; rel="next"'
