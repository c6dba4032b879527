"""Package identifiers: `author.package.variant`, alone or behind a repository (contract, 4)."""

import re
from dataclasses import dataclass

MIN_LENGTH, MAX_LENGTH = 6, 32

# ASCII only, matched before lower-casing: `str.lower` turns the Kelvin sign into a plain k.
_SEGMENT = r"[A-Za-z][A-Za-z0-9_-]*"
_PARTIAL = re.compile(rf"{_SEGMENT}(?:\.{_SEGMENT})*")
_REPOSITORY = re.compile(r"[A-Za-z]{3,8}")


class InvalidIdentifier(ValueError):
    """The text is no package identifier of the form asked for."""


@dataclass(frozen=True)
class FullIdentifier:
    """A package and the repository that holds it, both in lower case."""

    repository: str
    partial: str

    def __str__(self) -> str:
        """Write it as documents show it, e.g. `xpkg/example.package1`."""
        return f"{self.repository}/{self.partial}"


def parse_partial(text: str) -> str:
    """Read a partial identifier, e.g. `example.package1`, into lower case.

    Raises:
        InvalidIdentifier: it is none, or it is a full one; the message says what is wrong.
    """
    if "/" in text:
        raise InvalidIdentifier("give the partial identifier, without a repository and a slash")
    if not MIN_LENGTH <= len(text) <= MAX_LENGTH:
        raise InvalidIdentifier(
            f"an identifier has {MIN_LENGTH} to {MAX_LENGTH} characters, and this one {len(text)}"
        )
    if not _PARTIAL.fullmatch(text):
        raise InvalidIdentifier(
            f"{text!r} is no identifier: write segments with dots between them, each a letter, "
            "then letters, digits, _ or -"
        )
    return text.lower()


def parse_full(text: str) -> FullIdentifier:
    """Read a full identifier, e.g. `xpkg/example.package1`, into lower case.

    Raises:
        InvalidIdentifier: it is none, or it is a partial one; the message says what is wrong.
    """
    repository, slash, partial = text.partition("/")
    if not slash:
        raise InvalidIdentifier("give the full identifier: repository, slash, package")
    if not _REPOSITORY.fullmatch(repository):
        raise InvalidIdentifier("a repository has 3 to 8 letters, and nothing else")
    return FullIdentifier(repository.lower(), parse_partial(partial))


def parse_either(text: str, repository: str) -> FullIdentifier:
    """Read an identifier in either form, as dependencies show them.

    Args:
        text: a full identifier, or a partial one.
        repository: where a partial one belongs; ours is a setting.

    Raises:
        InvalidIdentifier: it is neither; the message says what is wrong.
    """
    if "/" in text:
        return parse_full(text)
    return FullIdentifier(repository, parse_partial(text))
