"""JSON and YAML files, read so that no content can stop the service or exhaust it."""

import json
from collections.abc import Hashable
from math import isinf
from typing import Any, NoReturn

import yaml

from registry.workspace.problems import Problem, ProblemCode, error, warning
from registry.workspace.text import quote

# A file that people write is far from it; YAML's cost grows faster than its size. Bytes.
LARGEST_YAML = 1024 * 1024
_DEEPEST_YAML = 50
# An object with thousands of duplicate keys says it in a few.
_MOST_DUPLICATES = 10

# All scalars are text, and nothing is merged or constructed, so nothing can be expanded without
# end. libyaml is eight times as fast as Python, where the wheel has it.
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def read_json_object(data: bytes, path: str) -> tuple[dict[str, Any] | None, list[Problem]]:
    """Read a JSON object as npm does: with or without a byte order mark, the last of equal keys.

    Numbers become floats; one that is too large is infinite. Texts are as the file has them, NUL
    and lone surrogates included.

    Returns:
        The object, or None where there is none; and what is wrong.
    """
    text, problems = _decode(data, path)
    reader = _JsonReader(path)
    try:
        value = reader.read(text)
    except RecursionError:
        problems.append(
            error(
                ProblemCode.NESTED_TOO_DEEPLY,
                path,
                "The file's objects and lists are nested too deeply to be read: flatten it.",
            )
        )
        return None, problems
    except (json.JSONDecodeError, _ConstantError) as failure:
        problems.append(
            error(
                ProblemCode.NOT_JSON, path, f"The file is not JSON ({_reason(failure)}): mend it."
            )
        )
        return None, problems
    problems += reader.problems
    if not isinstance(value, dict):
        problems.append(_not_an_object(path, "JSON", value))
        return None, problems
    return value, problems


def read_yaml_object(data: bytes, path: str) -> tuple[dict[str, Any] | None, list[Problem]]:
    """Read a YAML mapping; every scalar in it is text, an empty one is `""`.

    Returns:
        The mapping, or None where there is none, and what is wrong. An empty file is an empty
        mapping. Values that aliases repeat are shared, not copied.
    """
    text, problems = _decode(data, path)
    try:
        _check_depth(text)
        value = yaml.load(text, _LOADER)  # noqa: S506 -- a base loader constructs only text
    except (yaml.YAMLError, UnicodeError) as failure:
        problems.append(
            error(
                ProblemCode.NOT_YAML,
                path,
                f"The file is not YAML ({_reason(failure)}): mend it.",
            )
        )
        return None, problems
    except _TooDeepError:
        problems.append(
            error(
                ProblemCode.NESTED_TOO_DEEPLY,
                path,
                f"The file is nested more than {_DEEPEST_YAML} levels deep: flatten it.",
            )
        )
        return None, problems
    if value is None or value == "":
        return {}, problems
    if not isinstance(value, dict):
        problems.append(_not_an_object(path, "YAML", value))
        return None, problems
    return value, problems


class _ConstantError(ValueError):
    """The text holds NaN or Infinity, which Python would take and JSON does not have."""


class _TooDeepError(Exception):
    """The text nests deeper than libyaml's recursion survives."""


def _check_depth(text: str) -> None:
    """Refuse deep nesting before it is composed: libyaml would overflow the stack of the process.

    Events come one by one, so that a hostile text is left as soon as it shows.
    """
    depth = 0
    for event in yaml.parse(text, _LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEEPEST_YAML:
                raise _TooDeepError
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _decode(data: bytes, path: str) -> tuple[str, list[Problem]]:
    problems: list[Problem] = []
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("utf-8", "replace")
        problems.append(
            warning(
                ProblemCode.NOT_UTF8,
                path,
                "The file is not UTF-8, so some characters are lost: save it as UTF-8.",
            )
        )
    if text.startswith("\ufeff"):
        problems.append(
            warning(
                ProblemCode.BYTE_ORDER_MARK,
                path,
                "The file starts with a byte order mark, which JSON does not have: save it as "
                "UTF-8 without one.",
            )
        )
    return text.removeprefix("\ufeff"), problems


class _JsonReader:
    """Python's own reader, which also notes what JSON's other readers would trip over."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._duplicates: dict[str, None] = {}
        self._infinite = False

    def read(self, text: str) -> Any:
        return json.loads(
            text,
            object_pairs_hook=self._make_object,
            parse_float=self._make_number,
            parse_int=self._make_number,
            parse_constant=_refuse_constant,
        )

    @property
    def problems(self) -> list[Problem]:
        found = [
            warning(
                ProblemCode.DUPLICATE_KEY,
                self._path,
                f"The key {quote(key)} is there twice in one object, and only the last counts: "
                "remove the other.",
            )
            for key in self._duplicates
        ]
        if self._infinite:
            found.append(
                warning(
                    ProblemCode.NUMBER_OUT_OF_RANGE,
                    self._path,
                    "A number is larger than JSON's readers can hold: write a smaller one.",
                )
            )
        return found

    def _make_object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs) and len(self._duplicates) < _MOST_DUPLICATES:
            seen: set[Hashable] = set()
            for key, _ in pairs:
                if key in seen and len(self._duplicates) < _MOST_DUPLICATES:
                    self._duplicates[key] = None
                seen.add(key)
        return made

    def _make_number(self, digits: str) -> float:
        # A float even of an integer: Python refuses to read very long integers.
        number = float(digits)
        self._infinite = self._infinite or isinf(number)
        return number


def _refuse_constant(name: str) -> NoReturn:
    raise _ConstantError(f"{name} is no JSON value")


def _not_an_object(path: str, language: str, value: object) -> Problem:
    kind = {list: "a list", str: "a text", float: "a number", bool: "a boolean"}
    return error(
        ProblemCode.NOT_AN_OBJECT,
        path,
        f"The file's {language} is {kind.get(type(value), 'null')}, not an object with keys: "
        "write an object.",
    )


def _reason(failure: Exception) -> str:
    if isinstance(failure, json.JSONDecodeError):
        return f"line {failure.lineno}, column {failure.colno}: {failure.msg}"
    if isinstance(failure, yaml.MarkedYAMLError) and failure.problem_mark is not None:
        mark = failure.problem_mark
        return f"line {mark.line + 1}, column {mark.column + 1}: {failure.problem}"
    return str(failure).partition("\n")[0]
