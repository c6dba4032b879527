"""Values that reach SQL as bound parameters, filled in anew for each request.

A statement is compiled once for all requests of one shape. So wherever a text or a moment stands
in the arguments, a `Parameter` takes its place while the statement is made: it goes into SQL
expressions like the value itself, becomes a bound parameter there, and knows where each request
has its value. Numbers, booleans and enums are part of the shape, and stand in the SQL as literals.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import BindParameter, bindparam
from sqlalchemy.orm import Session

from registry.errors import InvalidInput
from registry.rules.viewer import Viewer


@dataclass(frozen=True)
class Request:
    """What parameters take their values from."""

    # The operation's variables, coerced to their types.
    variables: Mapping[str, Any]
    viewer: Viewer
    session: Callable[[], Session]
    # What a mutation gave, where a field of it is asked for.
    payload: Any = None


@dataclass(frozen=True)
class Parameter:
    """A value that is known only when a request comes."""

    find: Callable[[Request], Any]
    # What is made of the value, step by step, before it is bound.
    steps: tuple[Callable[[Any], Any], ...] = ()

    def then(self, step: Callable[[Any], Any]) -> "Parameter":
        """Make a parameter whose value is what `step` makes of this one's."""
        return replace(self, steps=(*self.steps, step))

    def value(self, request: Request) -> Any:
        """Find the value for a request.

        Raises:
            InvalidInput: a text holds U+0000, which PostgreSQL has no place for.
        """
        value = self.find(request)
        for step in self.steps:
            value = step(value)
        if isinstance(value, str) and "\0" in value:
            raise InvalidInput("A text holds the character U+0000.", code="invalid_text")
        return value

    def __clause_element__(self) -> BindParameter[Any]:
        """Stand in SQL expressions; the bound parameter takes the type of what is beside it."""
        return bindparam(None, self, unique=True)


class PayloadForPlanning:
    """Stands for what a mutation will give; its attributes are parameters."""

    def __getattr__(self, name: str) -> Parameter:
        return Parameter(lambda request: getattr(request.payload, name))


def then(value: Any, step: Callable[[Any], Any]) -> Any:
    """Apply `step` to a value: now, or when a request brings it."""
    return value.then(step) if isinstance(value, Parameter) else step(value)


def viewer_for_planning(viewer: Viewer) -> Viewer:
    """Make a viewer of the same rights whose author is a parameter."""
    if viewer.author_id is None:
        return viewer
    author: Any = Parameter(lambda request: request.viewer.author_id)
    return replace(viewer, author_id=author)


def variables_for_planning(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Put parameters in the place of all texts and moments in an operation's variables."""
    return {name: _parameters(value, (name,)) for name, value in variables.items()}


def _parameters(value: Any, path: tuple[str | int, ...]) -> Any:
    if isinstance(value, Mapping):
        return {key: _parameters(item, (*path, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [_parameters(item, (*path, index)) for index, item in enumerate(value)]
    return Parameter(_at(path)) if _is_bound(value) else value


def _at(path: tuple[str | int, ...]) -> Callable[[Request], Any]:
    def find(request: Request) -> Any:
        value: Any = request.variables
        for step in path:
            value = value[step]
        return value

    return find


def constants_for_planning(arguments: Any) -> Any:
    """Put parameters in the place of the texts and moments that a query's own text holds."""
    if isinstance(arguments, Mapping):
        return {key: constants_for_planning(item) for key, item in arguments.items()}
    if isinstance(arguments, list):
        return [constants_for_planning(item) for item in arguments]
    return Parameter(lambda _: arguments) if _is_bound(arguments) else arguments


def shape_of(value: Any) -> Any:
    """Tell what of the variables a statement depends on: everything but the texts and moments."""
    if isinstance(value, Mapping):
        return tuple((key, shape_of(item)) for key, item in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(shape_of(item) for item in value)
    return Parameter if _is_bound(value) else value


def _is_bound(value: Any) -> bool:
    return isinstance(value, str | datetime) and not isinstance(value, Enum)
