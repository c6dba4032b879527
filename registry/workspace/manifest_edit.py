"""Changing top-level keys of a package.json and nothing else, byte for byte (contract, section 2).

The file is not written anew from what was read: only the text of values that change is replaced,
so that order, indentation, line ends, a byte order mark, the spelling of numbers and escapes and
even duplicate keys stay as somebody wrote them.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, Self

from registry.errors import Conflict
from registry.workspace.manifest_changes import validate_changes

__all__ = ["edit_manifest", "validate_changes"]

_BLANK = re.compile(r"[ \t\r\n]*")
_LAST_LINE = re.compile(r"(\r?\n)([ \t]*)$")
_SURROGATE = re.compile("[\ud800-\udfff]")


def edit_manifest(text: bytes, changes: Mapping[str, Any]) -> bytes:
    """Replace top-level keys of a JSON object, and append those that it does not have.

    New values take over the file's indentation and line ends. A value that is already there, in
    the same order, keeps its text. Of a key that stands there twice the last is replaced, for it
    is the one that counts.

    Raises:
        Conflict: the text is no JSON object.
    """
    source = text.decode("utf-8", "surrogateescape")
    try:
        written = _scan(source)
    except (ValueError, RecursionError) as failure:
        raise Conflict(
            "The package's package.json is no JSON object, so no key of it can be changed: mend "
            "the file first.",
            code="manifest_not_json",
        ) from failure
    style = _Style.of(source, written)
    last = {member.key: member for member in written.members}
    edits = [
        (last[key].start, last[key].end, style.write(value))
        for key, value in changes.items()
        if key in last and not _says(source[last[key].start : last[key].end], value)
    ]
    added = [
        style.write(key) + style.colon + style.write(value)
        for key, value in changes.items()
        if key not in last
    ]
    if added and written.members:
        end = written.members[-1].end
        edits.append((end, end, "".join(f",{style.before}{member}" for member in added)))
    elif added:
        inside = f",{style.before}".join(added)
        edits.append((*written.inside, f"{style.before}{inside}{style.newline}"))
    # From the end, so that the places before it stay where they are.
    for start, end, replacement in sorted(edits, reverse=True):
        source = source[:start] + replacement + source[end:]
    return source.encode("utf-8", "surrogateescape")


@dataclass(frozen=True)
class _Member:
    """A key, and where its value stands in the text."""

    key: str
    # The blanks before the key, from the brace or comma on.
    blank: str
    # The colon, with the blanks around it.
    colon: str
    start: int
    end: int


@dataclass(frozen=True)
class _Written:
    """An object as it is written: its members, and what its braces enclose."""

    members: Sequence[_Member]
    inside: tuple[int, int]


def _scan(source: str) -> _Written:
    """Find every top-level member of the JSON object that a text is.

    Raises:
        ValueError: it is none.
        RecursionError: it is nested too deeply.
    """
    # Where a number ends is all that matters; Python refuses to make integers of thousands of
    # digits, and takes NaN for a number.
    decoder = json.JSONDecoder(parse_int=float, parse_constant=_refuse_constant)
    members: list[_Member] = []
    opening = _skip_blank(source, int(source.startswith("\ufeff")))
    _expect(source, opening, "{")
    at = opening + 1
    while True:
        start_of_key = _skip_blank(source, at)
        if not members and source[start_of_key : start_of_key + 1] == "}":
            closing = start_of_key
            break
        _expect(source, start_of_key, '"')
        key, end_of_key = decoder.raw_decode(source, start_of_key)
        colon = _skip_blank(source, end_of_key)
        _expect(source, colon, ":")
        start = _skip_blank(source, colon + 1)
        _, end = decoder.raw_decode(source, start)
        blank = source[at:start_of_key]
        members.append(_Member(key, blank, source[end_of_key:start], start, end))
        closing = _skip_blank(source, end)
        if source[closing : closing + 1] != ",":
            break
        at = closing + 1
    _expect(source, closing, "}")
    if _skip_blank(source, closing + 1) != len(source):
        raise ValueError("something follows the object")
    return _Written(members, (opening + 1, closing))


@dataclass(frozen=True)
class _Style:
    """How a file is written, so that what is new looks like the rest."""

    # None: the object stands on one line.
    indent: str | None
    newline: str
    colon: str
    # What stands between a comma and the next key.
    before: str

    @classmethod
    def of(cls, source: str, written: _Written) -> Self:
        members = written.members
        colon = ":" if members and members[-1].colon == ":" else ": "
        for member in members:
            if line := _LAST_LINE.search(member.blank):
                newline, indent = line.groups()
                return cls(indent, newline, colon, newline + indent)
        if members:
            spaced = colon == ": " if len(members) == 1 else members[-1].blank == " "
            return cls(None, "", colon, " " if spaced else "")
        # As npm writes a file.
        newline = "\r\n" if "\r\n" in source else "\n"
        return cls("  ", newline, colon, f"{newline}  ")

    def write(self, value: object) -> str:
        """Write a value to stand at the top level."""
        comma = "," if self.indent is not None else f",{self.before}"
        text = json.dumps(
            value, indent=self.indent, separators=(comma, self.colon), ensure_ascii=False
        )
        # JSON has no line breaks within texts, so each one begins a line to be indented.
        text = text.replace("\n", self.newline + (self.indent or ""))
        return _SURROGATE.sub(lambda half: f"\\u{ord(half[0]):04x}", text)


def _says(text: str, value: object) -> bool:
    """Tell whether a value's text says that value already, its keys in the same order."""
    try:
        return json.dumps(json.loads(text)) == json.dumps(value)
    except ValueError:
        return False


def _skip_blank(source: str, at: int) -> int:
    match = _BLANK.match(source, at)
    return match.end() if match else at


def _expect(source: str, at: int, char: str) -> None:
    if source[at : at + 1] != char:
        raise ValueError(f"no {char} at {at}")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")
