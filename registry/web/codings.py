"""Compressed answers: which content coding a caller takes best, and putting a body into it."""

import gzip
from enum import StrEnum
from functools import lru_cache

from flask import request
from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header

# Below it, what compression saves is less than the headers that tell of it.
SMALLEST_ENCODED = 1_024
# Where the time that a further level takes begins to exceed what it saves.
_GZIP_LEVEL = 5
_ZSTD_LEVEL = 3


class Coding(StrEnum):
    """Content codings (RFC 9110, 8.4.1; RFC 8878, 7.2), the preferred first."""

    ZSTD = "zstd"
    GZIP = "gzip"
    IDENTITY = "identity"


def current_coding() -> Coding:
    """Tell which coding the caller takes best."""
    return choose_coding(request.headers.get("Accept-Encoding", ""))


@lru_cache(maxsize=64)
def choose_coding(header: str) -> Coding:
    """Choose by an Accept-Encoding header (RFC 9110, 12.5.3).

    A caller who refuses all that there is gets the answer as it is, which RFC 9110 advises.
    """
    qualities = {name.lower(): quality for name, quality in parse_accept_header(header, Accept)}
    others = qualities.get("*", 0)
    # `*` says nothing of what the caller knows; gzip is what everyone does.
    gzip_quality = qualities.get("gzip", qualities.get("x-gzip", others))
    wanted = {Coding.ZSTD: qualities.get("zstd", 0), Coding.GZIP: gzip_quality}
    best = max(wanted, key=lambda coding: wanted[coding])
    # Uncompressed is always acceptable, but only preferred where the caller says so.
    if wanted[best] <= 0 or qualities.get("identity", 0) > wanted[best]:
        return Coding.IDENTITY
    return best


def encode(body: bytes, coding: Coding) -> bytes:
    """Put a body into a coding."""
    if coding is Coding.GZIP:
        # Without the time of day, so that the same body is the same bytes.
        return gzip.compress(body, _GZIP_LEVEL, mtime=0)
    if coding is Coding.ZSTD:
        import zstandard  # noqa: PLC0415 -- loaded when first asked for

        return zstandard.compress(body, _ZSTD_LEVEL)
    return body
