"""How large a query may be: measured after parsing, before anything else looks at it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionSetNode,
    TokenKind,
)

_NUMBERS = (TokenKind.INT, TokenKind.FLOAT)

# Python turns no longer number's digits into one.
_MOST_DIGITS = 400
_LONG_NUMBER = re.compile(f"[0-9]{{{_MOST_DIGITS + 1}}}")

# Fields, inline fragments and fragment spreads inside one another: what is deeper than any real
# query would run into Python's own limit somewhere.
_MOST_NESTING = 100


@dataclass(frozen=True)
class QueryLimits:
    """The most that one operation may have."""

    depth: int
    aliases: int
    fields: int
    tokens: int
    characters: int


@dataclass(frozen=True)
class _Measure:
    """What a selection set comes to, with its fragments spread out."""

    depth: int = 0
    nesting: int = 0
    aliases: int = 0
    fields: int = 0

    def __add__(self, other: "_Measure") -> "_Measure":
        return _Measure(
            max(self.depth, other.depth),
            max(self.nesting, other.nesting),
            self.aliases + other.aliases,
            self.fields + other.fields,
        )


class _TooNested(Exception):
    pass


class _Measurer:
    """Measures selection sets; each fragment once, however often it is spread."""

    def __init__(self, document: DocumentNode) -> None:
        self._fragments = {
            node.name.value: node.selection_set
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        self._measured: dict[str, _Measure] = {}
        self._under_way: set[str] = set()

    def measure(self, selection_set: SelectionSetNode | None, nesting: int = 1) -> _Measure:
        if nesting > _MOST_NESTING:
            raise _TooNested
        total = _Measure(nesting=1)
        for selection in selection_set.selections if selection_set else ():
            if isinstance(selection, FragmentSpreadNode):
                within = self._fragment(selection.name.value, nesting)
            else:
                # A field, or an inline fragment.
                below: SelectionSetNode | None = getattr(selection, "selection_set", None)
                within = self.measure(below, nesting + 1)
                if isinstance(selection, FieldNode):
                    within = _of_field(selection, within)
            total += _Measure(within.depth, within.nesting + 1, within.aliases, within.fields)
        return total

    def _fragment(self, name: str, nesting: int) -> _Measure:
        # A fragment that is not there, or spreads itself, is validation's to report.
        if name not in self._fragments or name in self._under_way:
            return _Measure()
        if name not in self._measured:
            self._under_way.add(name)
            self._measured[name] = self.measure(self._fragments[name], nesting + 1)
            self._under_way.discard(name)
        return self._measured[name]


def _of_field(field: FieldNode, within: _Measure) -> _Measure:
    if field.name.value.startswith("__"):
        # Introspection is deep by nature, and what it answers from is in memory.
        return _Measure(0, within.nesting, 0, 1)
    return _Measure(
        within.depth + 1,
        within.nesting,
        within.aliases + (field.alias is not None),
        within.fields + 1,
    )


def check_limits(document: DocumentNode, limits: QueryLimits) -> list[GraphQLError]:
    """List how the operations of a document go beyond the limits."""
    measurer = _Measurer(document)
    errors = list(_long_numbers(document))
    for operation in document.definitions:
        if isinstance(operation, OperationDefinitionNode):
            try:
                measure = measurer.measure(operation.selection_set)
            except _TooNested:
                measure = _Measure(nesting=_MOST_NESTING + 1)
            errors += _excesses(operation, measure, limits)
    return errors


def _long_numbers(document: DocumentNode) -> Iterator[GraphQLError]:
    # A text may hold as many digits as it likes, so most documents are not looked through.
    if document.loc is None or not _LONG_NUMBER.search(document.loc.source.body):
        return
    token = document.loc.start_token.next
    while token is not None:
        if token.kind in _NUMBERS and _LONG_NUMBER.search(token.value or ""):
            yield GraphQLError(
                f"A number has more than {_MOST_DIGITS} digits.",
                source=document.loc.source,
                positions=[token.start],
            )
        token = token.next


def _excesses(
    operation: OperationDefinitionNode, measure: _Measure, limits: QueryLimits
) -> Iterator[GraphQLError]:
    for found, most, code, what in (
        (measure.nesting, _MOST_NESTING, "query_too_deep", "selections inside one another"),
        (measure.depth, limits.depth, "query_too_deep", "fields inside one another"),
        (measure.aliases, limits.aliases, "too_many_aliases", "aliases"),
        (measure.fields, limits.fields, "too_many_fields", "fields"),
    ):
        if found > most:
            yield GraphQLError(
                f"The operation has more than {most} {what}, its fragments spread out.",
                operation,
                extensions={"code": code},
            )
