"""Names of authors, packages and tokens: what may be one, and which two are the same."""

import re
import unicodedata
from collections.abc import Iterable

_WORD = re.compile(r"\w+")


class InvalidName(ValueError):
    """The text is no name of the length asked for; the message says what is wrong."""


def clean_name(text: str, *, shortest: int, longest: int) -> str:
    """Give a name the one form that it is kept and shown in: composed, without spaces around it.

    Args:
        text: the name as it was typed, in any script.
        shortest: how many characters it has at least.
        longest: how many characters it has at most.

    Raises:
        InvalidName: it is too short or too long, or holds what is not seen.
    """
    # One form for what looks the same; spaces around are nobody's intention.
    name = unicodedata.normalize("NFC", text).strip()
    if not name:
        raise InvalidName("must not be empty")
    if not shortest <= len(name) <= longest:
        raise InvalidName(f"must have {shortest} to {longest} characters, and this one {len(name)}")
    # Controls, lone surrogates, invisible formatting: one name could pass for another.
    if any(unicodedata.category(character).startswith("C") for character in name):
        raise InvalidName("must hold printable characters only")
    return name


def name_key(name: str) -> str:
    """Give what names are told apart by: neither case nor typographic form makes two of one."""
    composed = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    # Last: the plain form of some characters begins with a space (U+00A8).
    return composed.strip()


def holds_word(text: str, words: Iterable[str]) -> bool:
    """Tell whether one of some words stands in a text, as a whole word and in any case."""
    refused = {name_key(word) for word in words}
    return bool(refused) and not refused.isdisjoint(_WORD.findall(name_key(text)))
