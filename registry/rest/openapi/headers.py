"""The headers of answers, by name, as the document describes them."""

from typing import Any

_INTEGER = {"type": "integer", "minimum": 0}
_TEXT = {"type": "string"}

HEADERS: dict[str, tuple[str, dict[str, Any]]] = {
    "X-Request-Id": (
        "The request's id, which the server's log has, too: the caller's own if it is a sane one.",
        {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,128}$"},
    ),
    "ETag": ("What `If-None-Match` asks about, and `If-Match` of a write builds on.", _TEXT),
    "Link": (
        'Where there are more: `</…?cursor=…>; rel="next"` (RFC 8288).',
        _TEXT,
    ),
    "Location": ("Where to go on, e.g. the job that does the work.", _TEXT),
    "Retry-After": ("Seconds after which to try again.", _INTEGER),
    "WWW-Authenticate": ("What the token lacks (RFC 6750, 3).", _TEXT),
    "X-RateLimit-Limit": ("How many requests the limit admits.", _INTEGER),
    "X-RateLimit-Remaining": ("How many of them are left.", _INTEGER),
    "X-RateLimit-Reset": ("When all of them are back, in seconds since 1970.", _INTEGER),
    "X-Private-Key": ("The key to a version that is not public; shown this once.", _TEXT),
    "Upload-Offset": ("Bytes of the file that were taken in.", _INTEGER),
    "Upload-Expires": ("When the upload must be finished (RFC 9110, 5.6.7).", _TEXT),
    "Tus-Resumable": ("The version of tus that is spoken.", _TEXT),
    "Content-Range": ("Which part of the file this is.", _TEXT),
    "Repr-Digest": ("The SHA-256 of the whole file (RFC 9530).", _TEXT),
}
RATE_LIMIT = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
