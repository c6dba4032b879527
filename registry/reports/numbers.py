"""Counts and shares as tools write them, or the refusal that names the place."""

import math
import re
from collections.abc import Mapping
from typing import Any

from registry.reports.errors import InvalidReport
from registry.reports.report import Counted

# No monorepo has as many lines; what is over it is a mistake, or an attack on who adds it up.
MOST = 10**12
_TYPE_NAMES: Mapping[type, str] = {dict: "an object", list: "a list", str: "a text"}
_DIGITS = re.compile(r"[0-9]{1,13}")


def json_count(value: Any, where: str) -> int:
    """Take a JSON value for a count.

    Raises:
        InvalidReport: it is no whole number from 0 to a million millions.
    """
    # JSON knows one kind of number, and some tools write 3.0.
    if isinstance(value, float) and value.is_integer() and abs(value) <= MOST:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST:
        raise InvalidReport(where, "here should be a count")
    return value


def text_count(value: str | None, where: str) -> int:
    """Take a text for a count.

    Raises:
        InvalidReport: it is no whole number from 0 to a million millions.
    """
    if value is None or not _DIGITS.fullmatch(value.strip()) or int(value) > MOST:
        raise InvalidReport(where, "here should be a count")
    return int(value)


def counted(total: int, covered: int, where: str) -> Counted:
    """Put a count and what of it was covered together.

    Raises:
        InvalidReport: more is covered than there is.
    """
    if covered > total:
        raise InvalidReport(where, f"{covered} of {total} cannot be covered")
    return Counted(total, covered)


def score(value: Any) -> float | None:
    """Take a JSON value for a CVSS score of 0 to 10, written as a number or a text."""
    if value is None:
        return None
    try:
        number = float(value) if isinstance(value, str | int | float) else math.nan
    except ValueError:
        return None
    return number if 0 <= number <= 10 else None  # noqa: PLR2004 -- the scale's end


def member(value: Any, key: str, kind: type, where: str) -> Any:
    """Take a member of a JSON object, of the type that it must have.

    Raises:
        InvalidReport: `value` is no object, or its member is missing or of another type.
    """
    found = value.get(key) if isinstance(value, dict) else None
    if not isinstance(found, kind):
        raise InvalidReport(f"{where}.{key}", f"here should be {_TYPE_NAMES[kind]}")
    return found
