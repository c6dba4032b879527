"""Statements: a compiled expression in a database's words, and its parameters for each request."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
from sqlalchemy import BindParameter, ColumnElement, Dialect, Text, cast, select
from sqlalchemy.sql.compiler import SQLCompiler

from graphql_schema.engine.parameters import Parameter, Request
from registry.models import Revision

# The state of the data, in a text: two are equal only where nothing has changed in between.
REVISION = select(Revision.epoch + "-" + cast(Revision.number, Text)).scalar_subquery()


# Runs a statement in the driver's words, with its parameters, and gives its one row.
Read = Callable[[str, Any], Sequence[Any]]


class Answer(NamedTuple):
    """What a root field gives, and the state of the data that it was read from."""

    json: orjson.Fragment
    revision: str


class _Literal(SQLCompiler):
    """Writes every value into the SQL but those that change with the request.

    PostgreSQL plans a statement without parameters once and for all; a bound LIMIT would make it
    plan anew each time.
    """

    def visit_bindparam(self, bindparam: BindParameter[Any], *args: Any, **options: Any) -> str:
        options["literal_binds"] = not isinstance(bindparam.value, Parameter)
        # SQLAlchemy's visitors have no types.
        visit: Any = super().visit_bindparam
        text: str = visit(bindparam, *args, **options)
        return text


@dataclass(frozen=True)
class Statement:
    """A statement with all that its parameters need."""

    sql: str
    # By name, or by position: as the driver wants them.
    names: tuple[str, ...]
    positional: bool
    parameters: Mapping[str, tuple[Parameter, Any]]

    def run(self, read: Read, request: Request) -> Answer:
        """Run it: one row with the finished JSON, and the revision that it tells of.

        Raises:
            InvalidInput: a parameter's value is none that it can have.
        """
        values = {}
        for name, (parameter, process) in self.parameters.items():
            value = parameter.value(request)
            values[name] = process(value) if process else value
        given = tuple(values[name] for name in self.names) if self.positional else values
        json, revision = read(self.sql, given)
        return Answer(orjson.Fragment(json), revision)


def make_statement(json: ColumnElement[str], dialect: Dialect) -> Statement:
    """Compile an expression to a statement in a database's own words."""
    kind = type("_LiteralCompiler", (_Literal, dialect.statement_compiler), {})
    compiled: SQLCompiler = kind(dialect, select(json, REVISION))
    parameters = {
        name: (bound.value, bound.type.dialect_impl(dialect).bind_processor(dialect))
        for bound, name in compiled.bind_names.items()
        if isinstance(bound.value, Parameter)
    }
    return Statement(
        sql=compiled.string,
        names=tuple(compiled.positiontup or ()),
        positional=compiled.positional,
        parameters=parameters,
    )
