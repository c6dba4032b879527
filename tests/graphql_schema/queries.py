"""Makes queries over the schema: valid ones, of all that GraphQL has to select with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
)
from hypothesis import strategies as st

_PAGE_ARGUMENTS = {"first", "last", "after", "before"}


@dataclass(frozen=True)
class Known:
    """Values that mean something in the database that is asked."""

    # By the name of the scalar or, more exactly, of the argument or input field.
    values: dict[str, list[str]]
    # By the name of the connection type.
    cursors: dict[str, list[str]]


@dataclass
class Query:
    """A query and its variables."""

    text: str
    variables: dict[str, Any]


def queries(schema: GraphQLSchema, known: Known) -> st.SearchStrategy[Query]:
    """Make queries of up to two root fields."""

    @st.composite
    def make(draw: st.DrawFn) -> Query:
        return _Maker(schema, known, draw).query()

    return make()


@dataclass
class _Maker:
    schema: GraphQLSchema
    known: Known
    draw: Callable[[st.SearchStrategy[Any]], Any]
    variables: dict[str, Any] = field(default_factory=dict)
    declared: list[str] = field(default_factory=list)
    fragments: list[str] = field(default_factory=list)
    aliases: int = 0

    def query(self) -> Query:
        query_type = self.schema.query_type
        assert query_type is not None
        roots = [self.root(query_type) for _ in range(self.draw(st.integers(1, 2)))]
        header = f"query Made({', '.join(self.declared)})" if self.declared else "query Made"
        text = f"{header} {{ {' '.join(roots)} }}\n" + "\n".join(self.fragments)
        return Query(text, self.variables)

    def root(self, query_type: GraphQLObjectType) -> str:
        name = self.draw(st.sampled_from(sorted(query_type.fields)))
        return self.selected(query_type, name, depth=self.draw(st.integers(2, 5)))

    def selection(self, type_: Any, depth: int) -> str:
        """Select some of a type's fields, in some of the ways there are."""
        pieces = []
        for _ in range(self.draw(st.integers(1, 3))):
            piece = self.some_of(type_, depth)
            match self.draw(st.integers(0, 7)):
                case 0:
                    piece = f"... {self.directive()} {{ {piece} }}"
                case 1:
                    piece = f"... on {type_.name} {self.directive()} {{ {piece} }}"
                case 2 if isinstance(type_, GraphQLObjectType) and type_.interfaces:
                    piece = f"... on {type_.interfaces[0].name} {{ id }} {piece}"
                case 3:
                    name = f"Fragment{len(self.fragments)}"
                    self.fragments.append(f"fragment {name} on {type_.name} {{ {piece} }}")
                    piece = f"...{name} {self.directive()}"
                case _:
                    pass
            pieces.append(piece)
        return " ".join(pieces)

    def some_of(self, type_: Any, depth: int) -> str:
        if isinstance(type_, GraphQLInterfaceType):
            concrete = self.draw(st.sampled_from(self.schema.get_possible_types(type_)))
            return f"__typename id ... on {concrete.name} {{ {self.some_of(concrete, depth)} }}"
        fields = {
            name: definition
            for name, definition in type_.fields.items()
            if depth > 1 or is_leaf_type(get_named_type(definition.type))
        }
        if not fields or self.draw(st.integers(0, 9)) == 0:
            return "__typename"
        name = self.draw(st.sampled_from(sorted(fields)))
        made = self.selected(type_, name, depth)
        if self.draw(st.integers(0, 5)) == 0 and not fields[name].args:
            # The same field once more: graphql-core merges what both select below.
            made += " " + self.plain(type_, name, depth)
        return made

    def plain(self, type_: Any, name: str, depth: int) -> str:
        below = get_named_type(type_.fields[name].type)
        return name if is_leaf_type(below) else f"{name} {{ {self.selection(below, depth - 1)} }}"

    def selected(self, type_: GraphQLObjectType, name: str, depth: int) -> str:
        definition = type_.fields[name]
        arguments = self.arguments(definition)
        made = self.plain(type_, name, depth).removeprefix(name)
        if definition.args or self.draw(st.integers(0, 4)) == 0:
            # With arguments always, lest two of one name have different ones.
            self.aliases += 1
            name = f"{self.draw(st.sampled_from(['a', 'A', 'x' * 70]))}{self.aliases}: {name}"
        return f"{name}{arguments} {self.directive()}{made}"

    def directive(self) -> str:
        kind = self.draw(st.sampled_from(["", "", "", "@include", "@skip"]))
        if not kind:
            return ""
        return f"{kind}(if: {self.value(GraphQLNonNull(self.boolean()), 'if')}) "

    def boolean(self) -> Any:
        return self.schema.type_map["Boolean"]

    def arguments(self, definition: GraphQLField) -> str:
        given = {
            name: argument
            for name, argument in definition.args.items()
            if isinstance(argument.type, GraphQLNonNull)
            or (name not in _PAGE_ARGUMENTS and self.draw(st.integers(0, 2)) == 0)
        }
        made = [f"{name}: {self.value(given[name].type, name)}" for name in given]
        if "first" in definition.args:
            made += self.paging(definition, with_cursors="orderBy" not in given)
        return f"({', '.join(made)})" if made else ""

    def paging(self, definition: GraphQLField, *, with_cursors: bool) -> list[str]:
        size = self.draw(st.sampled_from(["first", "last"]))
        made = [f"{size}: {self.value(definition.args[size].type, 'size')}"]
        cursors = self.known.cursors.get(get_named_type(definition.type).name, [])
        for name in ("after", "before"):
            if with_cursors and cursors and self.draw(st.integers(0, 2)) == 0:
                cursor = self.draw(st.sampled_from(cursors))
                made.append(f"{name}: {self.written(definition.args[name].type, cursor)}")
        return made

    def value(self, type_: Any, name: str) -> str:
        return self.written(type_, self.made(type_, name))

    def written(self, type_: Any, value: Any) -> str:
        """Write a value into the query, or give it as a variable."""
        if self.draw(st.booleans()):
            variable = f"v{len(self.variables)}"
            self.variables[variable] = value
            self.declared.append(f"${variable}: {type_}")
            return f"${variable}"
        return _literal(value, type_)

    def made(self, type_: Any, name: str) -> Any:  # noqa: PLR0911 -- one for each kind of type
        if isinstance(type_, GraphQLNonNull):
            return self.made(type_.of_type, name)
        if isinstance(type_, GraphQLList):
            return [self.made(type_.of_type, name) for _ in range(self.draw(st.integers(0, 2)))]
        if isinstance(type_, GraphQLInputObjectType):
            return self.input_object(type_)
        if isinstance(type_, GraphQLEnumType):
            return self.draw(st.sampled_from(sorted(type_.values)))
        if name == "size":
            return self.draw(st.integers(0, 3))
        if type_.name == "Boolean":
            return self.draw(st.booleans())
        pool = self.known.values.get(name) or self.known.values[type_.name]
        return self.draw(st.sampled_from(pool))

    def input_object(self, type_: GraphQLInputObjectType) -> dict[str, Any]:
        return {
            name: self.made(entry.type, name)
            for name, entry in type_.fields.items()
            if _is_required(entry) or self.draw(st.integers(0, 3)) == 0
        }


def _is_required(entry: GraphQLInputField | GraphQLArgument) -> bool:
    return isinstance(entry.type, GraphQLNonNull)


def _literal(value: Any, type_: Any) -> str:
    while isinstance(type_, GraphQLNonNull | GraphQLList):
        type_ = type_.of_type
    if isinstance(value, dict):
        members = (
            f"{name}: {_literal(item, type_.fields[name].type)}" for name, item in value.items()
        )
        return f"{{{', '.join(members)}}}"
    if isinstance(value, list):
        return f"[{', '.join(_literal(item, type_) for item in value)}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and not isinstance(type_, GraphQLEnumType):
        return orjson.dumps(value).decode()
    return str(value)
