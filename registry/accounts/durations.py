"""Spans of time as people write them: `90d`, `12h`."""

import re
from datetime import timedelta

from registry.errors import InvalidInput

_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "y": timedelta(days=365),
}
# Six digits of any unit are a span that Python can hold.
_DURATION = re.compile(rf"([0-9]{{1,6}})([{''.join(_UNITS)}])")
LONGEST = timedelta(days=100 * 365)


def parse_duration(text: str) -> timedelta:
    """Read a span: a whole number and a unit, one of s, m, h, d, w and y (365 days).

    Raises:
        InvalidInput: it is none, nothing, or longer than a hundred years.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise InvalidInput.of(
            "duration", f"{text!r} is none: write a number and one of {', '.join(_UNITS)}: 90d"
        )
    span = int(match[1]) * _UNITS[match[2]]
    if not timedelta(0) < span <= LONGEST:
        raise InvalidInput.of("duration", "must be more than nothing and at most 100 years")
    return span
