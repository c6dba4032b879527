"""Semantic Versioning 2.0.0 (semver.org): what a version is, and bytes that sort by precedence."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Self

# Explicit ASCII classes: `\d` would take the digits of every script.
NUMBER = r"(?:0|[1-9][0-9]*)"
_IDENTIFIER = rf"(?:{NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
PRERELEASE = rf"{_IDENTIFIER}(?:\.{_IDENTIFIER})*"
BUILD = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"

_SEMVER = re.compile(rf"({NUMBER})\.({NUMBER})\.({NUMBER})(?:-({PRERELEASE}))?(?:\+({BUILD}))?")

# The first byte of a sort key: whatever is not semver comes before all that is.
_TEXT, _VERSION = b"\x00", b"\x01"
# What may follow in a version's key. The end of a pre-release comes before a further identifier,
# a numeric identifier before any other (semver.org, point 11.4), a release after all of them. They
# are below every character, which puts `beta` and `beta.z` before `beta2`.
_END, _NUMERIC, _ALPHANUMERIC, _RELEASE = b"\x00", b"\x01", b"\x02", b"\x03"


class InvalidSemVer(ValueError):
    """The text is no version in the sense of Semantic Versioning 2.0.0."""


@dataclass(frozen=True)
class SemVer:
    """One version; its numbers stay decimal text, for the specification sets them no limit."""

    core: tuple[str, str, str]
    prerelease: tuple[str, ...] = ()
    build: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a version exactly as the specification writes it: no `v`, no missing part.

        Raises:
            InvalidSemVer: it is none.
        """
        match = _SEMVER.fullmatch(text)
        if match is None:
            raise InvalidSemVer(
                "this is no semantic version: it is x.y.z, whole numbers without leading zeros, "
                "then optionally -pre.release and +build"
            )
        major, minor, patch, prerelease, build = match.groups()
        identifiers = tuple(prerelease.split(".")) if prerelease else ()
        return cls((major, minor, patch), identifiers, build or "")

    @cached_property
    def precedence(self) -> bytes:
        """Bytes that compare as the versions do (point 11); build metadata does not count."""
        core = b"".join(map(_encode_number, self.core))
        if not self.prerelease:
            return core + _RELEASE
        return core + b"".join(map(_encode_identifier, self.prerelease)) + _END

    def sort_key(self) -> bytes:
        """Bytes that order by precedence, then by build metadata, so that the order is total."""
        return _VERSION + self.precedence + self.build.encode()


def is_semver(text: str) -> bool:
    """Tell whether a text is a version in the sense of Semantic Versioning 2.0.0."""
    return _SEMVER.fullmatch(text) is not None


def sort_key(text: str) -> bytes:
    """Make bytes by which any texts sort: semantic versions by precedence, after all else by text.

    The bytes compare with memcmp, as PostgreSQL's `bytea` and SQLite's `BLOB` do. Different texts
    have different keys. A text of up to 256 characters has a key of at most 1,025 bytes, which
    fits an index of either database (PostgreSQL's holds some 2,700).
    """
    try:
        return SemVer.parse(text).sort_key()
    except InvalidSemVer:
        # JSON can spell half a surrogate pair, which plain UTF-8 refuses.
        return _TEXT + text.encode(errors="surrogatepass")


def _encode_number(digits: str) -> bytes:
    """Write a number so that more digits sort after fewer, and equally many as text."""
    length = len(digits)
    prefix = bytes([length]) if length < 0xFF else b"\xff" + length.to_bytes(8, "big")  # noqa: PLR2004 -- a byte's last value
    return prefix + digits.encode()


def _encode_identifier(identifier: str) -> bytes:
    if identifier.isdigit():
        return _NUMERIC + _encode_number(identifier)
    return _ALPHANUMERIC + identifier.encode()
