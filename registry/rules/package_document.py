"""A package as the contract shows it (section 2: Package), as JSON text.

It is made when a package's row is written and kept in the row: a list of a thousand packages is
then one column read in one go, where making it would take ten times as long as sending it.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from registry.rules.times import format_time

# The documented keys in their documented order, each with the column that it shows.
KEYS: Mapping[str, str] = {
    "name": "name",
    "version": "version",
    "type": "type",
    "createdAt": "created_at",
    "lastUpdated": "last_updated",
    "dependencies": "dependencies",
    "maintainers": "maintainers",
    "path": "path",
    "description": "description",
    "license": "license",
    "repository": "repository",
    "scripts": "scripts",
    "devDependencies": "dev_dependencies",
    "peerDependencies": "peer_dependencies",
}
_TIMES = ("created_at", "last_updated")
_MAPS = ("dependencies", "repository", "scripts", "dev_dependencies", "peer_dependencies")
_DEFAULTS: Mapping[str, Any] = {"type": "lib", "maintainers": [], **{name: {} for name in _MAPS}}


def write_package_document(columns: Mapping[str, Any]) -> str:
    """Write the JSON text of a package.

    Args:
        columns: the row's columns by name; what is missing or None is shown as unknown (`""`,
            `{}`, `[]`), as the contract has it (section 1). Times are aware datetimes.
    """
    shown = {}
    for key, column in KEYS.items():
        value = columns.get(column)
        if value is None:
            value = _DEFAULTS.get(column, "")
        elif column in _TIMES:
            value = format_time(value)
        shown[key] = value
    return orjson.dumps(shown).decode()
