"""What dependencies on something local point to, looked for with every refresh.

A manifest stays as it is when the directory that it links to goes. So what was looked for is
remembered, with what came of it: where that is not the same, the packages are read again.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from registry.rules.local_paths import places_of
from registry.rules.specifiers import parse_specifier
from registry.workspace.layout import Layout, Tool
from registry.workspace.manifest import ReadManifest
from registry.workspace.tree import Kind, Tree, Unreadable

# Nearly all dependencies are ranges, which are not worth a closer look.
_MAYBE_LOCAL = re.compile(r"\s*\.|.*[:/]|.*\.(?:tgz|tar\.gz|tar)\s*$", re.DOTALL | re.IGNORECASE)


def find_places(read: Sequence[ReadManifest], layout: Layout) -> Iterator[str]:
    """Give the paths that manifests point to by `file:`, `link:` or `portal:`, but for members'."""
    members = {each.path for each in read}
    for each in read:
        for name, text in _dependencies(each):
            if _MAYBE_LOCAL.match(text):
                specifier = parse_specifier(name, text)
                by_name = layout.tool is Tool.BUN
                places = places_of(each.path, specifier, linked_by_name=by_name)
                if members.isdisjoint(places):
                    yield from places


def look_for(tree: Tree, places: Iterable[str]) -> dict[str, bool]:
    """Tell of each path, and of where its links lead, whether there is anything, or may be."""
    found = {}
    for place in places:
        try:
            real = tree.resolve(place)
        except Unreadable:
            # It leads out of the workspace: nobody knows.
            found[place] = True
        else:
            found[place] = found[real] = _may_be_there(tree, real)
    return found


def _dependencies(read: ReadManifest) -> Collection[tuple[str, str]]:
    manifest = read.manifest
    sections = (
        manifest.dependencies,
        manifest.dev_dependencies,
        manifest.peer_dependencies,
        manifest.optional_dependencies,
    )
    return [item for section in sections for item in section.items()]


def _may_be_there(tree: Tree, place: str) -> bool:
    try:
        return tree.kind(place) is not None or _is_in_submodule(tree, place)
    except Unreadable:
        # It may not be looked at: nobody knows.
        return True


def _is_in_submodule(tree: Tree, place: str) -> bool:
    """Tell what a commit does not hold from what only another repository does."""
    names = place.split("/")
    return any(tree.kind("/".join(names[:end])) is Kind.SUBMODULE for end in range(1, len(names)))
