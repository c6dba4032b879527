"""Where in a workspace a dependency on something local points to. Pure: nothing is looked at."""

import posixpath
import re
from urllib.parse import unquote

from registry.rules.specifiers import Protocol, Specifier

LOCAL = (Protocol.FILE, Protocol.LINK, Protocol.PORTAL)

# From the file system's root, from a home directory, from a drive of Windows.
_ABSOLUTE = re.compile(r"/|~|[A-Za-z]:")


def places_of(
    package_path: str, specifier: Specifier, *, linked_by_name: bool = False
) -> tuple[str, ...]:
    """Give the paths, from the workspace's root, at which a tool would look.

    A path is relative to the manifest that holds it, to npm, pnpm, yarn and bun alike. npm reads it
    as a part of a URL (`npm-package-arg`), the others as it is written: so there may be two.

    Args:
        package_path: the path of the package that depends.
        specifier: what it depends on.
        linked_by_name: whether `link:` is followed by the name of what was registered with
            `bun link`, unless it begins with a dot.

    Returns:
        None at all where that cannot be told: the dependency is not local, its path leads out of
        the workspace or is absolute, or lies in `node_modules`, which an install makes.
    """
    if specifier.protocol not in LOCAL:
        return ()
    if linked_by_name and specifier.protocol is Protocol.LINK and specifier.path[:1] != ".":
        return ()
    found = [_place(package_path, path) for path in (specifier.path, unquote(specifier.path))]
    known = [place for place in dict.fromkeys(found) if place is not None]
    return tuple(known) if None not in found else ()


def _place(package_path: str, path: str) -> str | None:
    # What a backslash is depends on the machine.
    if not path or _ABSOLUTE.match(path) or "\\" in path or "\0" in path:
        return None
    place = posixpath.normpath(posixpath.join(package_path, path))
    names = place.split("/")
    return None if names[0] == ".." or "node_modules" in names else place
