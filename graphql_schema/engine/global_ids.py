"""Global ids: a type's name and the key of one of its rows, e.g. `Package:12`."""

import re
from typing import NamedTuple

from registry.errors import InvalidInput

# Keys are 64-bit and positive.
_FORM = re.compile(r"([A-Za-z]{1,40}):([1-9][0-9]{0,17})", re.ASCII)


class GlobalId(NamedTuple):
    """A global id, taken apart."""

    type_name: str
    key: int


def parse_global_id(text: str) -> GlobalId:
    """Take a global id apart.

    Raises:
        InvalidInput: it is none.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise InvalidInput.of("id", "is no global id", code="invalid_id")
    return GlobalId(match[1], int(match[2]))
