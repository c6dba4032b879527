"""Texts put together in SQL."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Text, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

# SQLite's parser gives up on chains of a thousand operators; a chain of chains is shallow.
_CHAIN = 64

Piece = str | ColumnElement[str]


def as_is(text: str) -> ColumnElement[str]:
    """Write a text of ours into the SQL; it holds neither quotes nor backslashes."""
    return literal_column(f"'{text}'", Text)


def concatenate(*pieces: Piece) -> ColumnElement[str]:
    """Put texts together: our own, and what expressions give.

    What is put together already is taken apart first, and texts of ours side by side become one:
    the parser of SQLite before 3.46 has room for a hundred things begun and not yet ended.
    """
    flat: list[Piece] = []
    for piece in _flatten(pieces):
        if isinstance(piece, str) and flat and isinstance(flat[-1], str):
            flat[-1] += piece
        else:
            flat.append(piece)
    return Concatenation(flat)


def _flatten(pieces: Sequence[Piece]) -> Sequence[Piece]:
    flat: list[Piece] = []
    for piece in pieces:
        flat += piece.pieces if isinstance(piece, Concatenation) else [piece]
    return flat


class Concatenation(FunctionElement[str]):
    """Texts one after the other: `a || b || c`."""

    type = Text()
    inherit_cache = True

    def __init__(self, pieces: Sequence[Piece]) -> None:
        super().__init__(*(as_is(each) if isinstance(each, str) else each for each in pieces))
        self.pieces = pieces


@compiles(Concatenation)
def _write(element: Concatenation, compiler: SQLCompiler, **options: Any) -> str:
    texts = [compiler.process(clause, **options) for clause in element.clauses]
    while len(texts) > _CHAIN:
        texts = [
            f"({' || '.join(texts[start : start + _CHAIN])})"
            for start in range(0, len(texts), _CHAIN)
        ]
    return " || ".join(texts)
