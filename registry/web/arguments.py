"""Query parameters, checked: a wrong one is a 400 that names it."""

import re
from enum import StrEnum
from typing import TypeVar, overload

from flask import Flask, request

from registry.errors import InvalidInput

E = TypeVar("E", bound=StrEnum)

# Within 64 bits, and within what Python turns into a number without complaint.
_INTEGER = re.compile(r"-?[0-9]{1,18}")


def init_arguments(app: Flask) -> None:
    """Refuse addresses that hold U+0000, which no name has and PostgreSQL has no place for."""
    app.before_request(_refuse_nul)


def _refuse_nul() -> None:
    if "\0" in request.path:
        raise InvalidInput.of("path", "holds the character U+0000")
    for name, value in request.args.items(multi=True):
        if "\0" in name + value:
            raise InvalidInput.of(name.replace("\0", ""), "holds the character U+0000")


def text_argument(name: str, default: str = "", *, longest: int | None = None) -> str:
    """Give a query parameter as it is.

    Args:
        name: the parameter's name.
        default: what it is where it is not given.
        longest: how many characters it may have; None: as many as an address.

    Raises:
        InvalidInput: it is given twice, or too long.
    """
    values = request.args.getlist(name)
    if len(values) > 1:
        raise InvalidInput.of(name, "is given more than once")
    if values and longest is not None and len(values[0]) > longest:
        raise InvalidInput.of(name, f"must have at most {longest:,} characters")
    return values[0] if values else default


@overload
def int_argument(name: str, *, default: int, minimum: int, maximum: int) -> int: ...


@overload
def int_argument(name: str, *, default: None, minimum: int, maximum: int) -> int | None: ...


def int_argument(name: str, *, default: int | None, minimum: int, maximum: int) -> int | None:
    """Give a query parameter as a whole number from `minimum` to `maximum`.

    Raises:
        InvalidInput: it is none, out of these bounds, or given twice.
    """
    if name not in request.args:
        return default
    text = text_argument(name)
    if not _INTEGER.fullmatch(text) or not minimum <= int(text) <= maximum:
        raise InvalidInput.of(name, f"must be a whole number from {minimum} to {maximum}")
    return int(text)


def choice_argument(name: str, choices: type[E]) -> E | None:
    """Give a query parameter as one of the words of an enumeration; None where it is not given.

    Raises:
        InvalidInput: it is none of them, or given twice.
    """
    if name not in request.args:
        return None
    try:
        return choices(text_argument(name))
    except ValueError:
        raise InvalidInput.of(name, f"must be one of {', '.join(choices)}") from None


def choices_argument(name: str, choices: type[E]) -> tuple[E, ...]:
    """Give a query parameter as words of an enumeration, separated by commas; none for all.

    Raises:
        InvalidInput: one is none of them, or the parameter is given twice.
    """
    try:
        return tuple(choices(word) for word in text_argument(name).split(",") if word)
    except ValueError:
        raise InvalidInput.of(
            name, f"must be one or more of {', '.join(choices)}, separated by commas"
        ) from None


def flag_argument(name: str) -> bool:
    """Give a query parameter as yes or no: `true`, `false`, or not there, which is no.

    Raises:
        InvalidInput: it is anything else, or given twice.
    """
    text = text_argument(name, "false")
    if text not in ("true", "false"):
        raise InvalidInput.of(name, "must be true or false")
    return text == "true"
