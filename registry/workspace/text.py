"""Text that every database and every answer can hold."""

import re

# PostgreSQL refuses NUL. UTF-8 refuses lone surrogates, which JSON's escapes can spell and which
# Python makes of a path's undecodable bytes.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_LONGEST_QUOTE = 80
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def is_storable(text: str) -> bool:
    """Tell whether a text holds neither NUL nor lone surrogates."""
    return _UNSTORABLE.search(text) is None


def storable(text: str) -> str:
    """Put U+FFFD for every NUL and lone surrogate."""
    return _UNSTORABLE.sub(REPLACEMENT, text)


def quote(text: str) -> str:
    """Quote a text of any length in a message."""
    short = storable(text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…")
    return f"“{short}”"
