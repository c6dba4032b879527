"""Names of packages as an npm registry's addresses have them."""

import re
from urllib.parse import quote

# npm's rule (validate-npm-package-name), old names with capitals included. Nothing in it can step
# out of the registry's path.
_NAME = re.compile(r"(?:@[a-z0-9~-][a-z0-9._~-]*/)?[A-Za-z0-9~_-][A-Za-z0-9._~!'()*-]*")
_LONGEST = 214


def is_registry_name(name: str) -> bool:
    """Tell whether a package of this name can be in an npm registry."""
    return len(name) <= _LONGEST and _NAME.fullmatch(name) is not None


def registry_path(name: str) -> str:
    """Write a name as a path below the registry's address: `@org%2Fname`."""
    return quote(name, safe="@")
