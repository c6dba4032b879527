"""What a report's bytes are before anybody asks which format they have: JSON, XML or text."""

import codecs
from dataclasses import dataclass
from io import StringIO
from typing import Any, TypeAlias

import orjson

from registry.reports.errors import InvalidReport
from registry.reports.xml_events import Attributes, mend_xml, read_root


@dataclass(frozen=True)
class JsonDocument:
    """One JSON value."""

    value: Any


@dataclass(frozen=True)
class JsonLines:
    """A JSON object on each line; with the number of the line."""

    lines: list[tuple[int, dict[str, Any]]]


@dataclass(frozen=True)
class XmlDocument:
    """XML, of which only the root has been read."""

    # Mended (`mend_xml`).
    content: bytes
    root: str
    attributes: Attributes


@dataclass(frozen=True)
class TextDocument:
    """Lines of something else."""

    lines: list[str]


Document: TypeAlias = JsonDocument | JsonLines | XmlDocument | TextDocument

# How PowerShell's `>` writes what a tool prints.
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# An object takes fifty times the memory of the line `{}`, and an audit tells of far fewer findings.
_MOST_LINES = 200_000


def open_document(content: bytes) -> Document:
    """Find out what bytes are.

    Raises:
        InvalidReport: they are empty, no text, or end in the middle of something.
    """
    if content.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"<"):
        return _open_xml(content)
    text = _decode(content).strip()
    if not text:
        raise InvalidReport("line 1", "there is nothing in it")
    if text.startswith("<"):
        return _open_xml(content)
    if not text.startswith(("{", "[")):
        return TextDocument(text.splitlines())
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        lines = _json_lines(text)
        if lines is not None:
            return JsonLines(lines)
        where = f"line {error.lineno}, column {error.colno}"
        raise InvalidReport(where, f"this is no JSON ({error.msg})") from None
    if isinstance(value, dict) and _is_line(value):
        return JsonLines([(1, value)])
    return JsonDocument(value)


def _open_xml(content: bytes) -> XmlDocument:
    mended = mend_xml(content)
    root, attributes = read_root(mended)
    return XmlDocument(mended, root, attributes)


def _decode(content: bytes) -> str:
    encoding = "utf-16" if content.startswith(_UTF_16) else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidReport(f"line {line}", "this is no text in UTF-8") from None


def _is_line(value: dict[str, Any]) -> bool:
    """Tell a JSON document from the only line of one that could have more."""
    return value.keys() >= {"type", "data"} or value.keys() >= {"value", "children"}


def _json_lines(text: str) -> list[tuple[int, dict[str, Any]]] | None:
    """Read a JSON object from each line; None where not even the first line holds one."""
    found: list[tuple[int, dict[str, Any]]] = []
    for number, line in enumerate(StringIO(text), 1):
        if line.isspace():
            continue
        if len(found) == _MOST_LINES:
            raise InvalidReport(f"line {number}", f"over {_MOST_LINES:,} objects are not read")
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            if not found:
                return None
            raise InvalidReport(f"line {number}", f"this is no JSON ({error.msg})") from None
        if not isinstance(value, dict):
            if not found:
                return None
            raise InvalidReport(f"line {number}", "here should be a JSON object")
        found.append((number, value))
    return found
