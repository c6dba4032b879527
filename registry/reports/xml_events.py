"""XML read as a stream of events: no tree, no entity, nothing fetched, no depth without an end.

The standard library's expat, with what makes XML dangerous refused: entities that a document
declares itself (expansion, external files). A document type is let through unread, for Cobertura's
has one; expat fetches nothing unless it is told how.
"""

import codecs
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TypeAlias
from xml.parsers import expat

from registry.reports.errors import InvalidReport

Attributes: TypeAlias = Mapping[str, str]

# Told of an element's beginning: its name, its attributes, the names of those around it, its line.
OnStart: TypeAlias = Callable[[str, Attributes, list[str], int], None]

# No tool nests elements half as deep.
_DEEPEST = 200

# XML has no control characters but these three, not even as `&#27;` (XML 1.0, 2.2).
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r"))
_BLANKED = bytes.maketrans(_CONTROLS, b"?" * len(_CONTROLS))
_REFERENCES = re.compile(
    rb"&#(?:0*(?:[0-8]|1[124-9]|2[0-9]|3[01])|[xX]0*(?:[0-8bBcCeEfF]|1[0-9a-fA-F]));"
)
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class _RootRead(Exception):
    """The root is known, which was all that was asked."""


def read_root(content: bytes) -> tuple[str, Attributes]:
    """Give the name and attributes of a document's root.

    Args:
        content: the document, mended.

    Raises:
        InvalidReport: there is none.
    """
    found: list[tuple[str, Attributes]] = []

    def on_start(name: str, attributes: Attributes, _around: list[str], _line: int) -> None:
        found.append((name, attributes))
        raise _RootRead

    with suppress(_RootRead):
        read_xml(content, on_start)
    return found[0]


def mend_xml(content: bytes) -> bytes:
    """Take out the control characters that test runners leave in, such as terminal colours.

    Mocha's `xunit` writes them as references; no parser takes either. Nothing that we count is
    lost, and no line moves.
    """
    if content.startswith(_UTF_16):
        return content
    return _REFERENCES.sub(b"?", content.translate(_BLANKED))


def read_xml(content: bytes, on_start: OnStart) -> None:
    """Read a document, and tell of each element when it begins.

    Args:
        content: the document, mended.
        on_start: who is told.

    Raises:
        InvalidReport: it is not well-formed, declares entities, or is nested too deeply.
    """
    parser = expat.ParserCreate()
    around: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        line = parser.CurrentLineNumber
        if len(around) >= _DEEPEST:
            raise InvalidReport(f"line {line}", f"elements are nested deeper than {_DEEPEST}")
        on_start(name, attributes, around, line)
        around.append(name)

    def refuse_entity(*_declaration: object) -> None:
        where = f"line {parser.CurrentLineNumber}"
        raise InvalidReport(where, "entities are not read: leave their declarations out")

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _name: around.pop()
    parser.EntityDeclHandler = refuse_entity
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        reason = expat.errors.messages.get(error.code, "")
        raise InvalidReport(f"line {error.lineno}", f"this is no XML ({reason})") from None
    except (LookupError, ValueError) as error:
        # An encoding that it names and Python does not know.
        raise InvalidReport("line 1", f"this is no XML that can be read ({error})") from None
