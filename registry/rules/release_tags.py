"""Which git tag names a version of a package (contract, section 0).

A tag with the package's name in it says so by itself: `name@1.2.3`, `name-v1.2.3`, `name/v1.2.3`,
where the name may lack its scope if no other package of the workspace bears it then. A plain
`v1.2.3` says it only where the whole workspace shares versions. Whether it does:

- lerna.json has a fixed `version`: yes, private packages too; its tool gives all of them one.
- There is one package: yes, nothing else could be meant.
- All published packages are at one version: yes, that is seldom so by chance.
- Most published packages stand at plain tags of one major version: yes. A release of such a
  workspace is one tag, and packages that did not change keep the last one they had (babel).
- Else no: the plain tags are one package's (vite, pnpm) or the root's (npm), and that they hold
  other packages' versions too is chance.

A package stands at a plain tag when its version has one and none with its own name. The highest of
them gives the major; past it, a package is about to be released and counts too. Published are those
packages that are not private and have a version; in a workspace without any, all with a version.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

_SEMVER = re.compile(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:[-+].*)?")
_OWN = ("@", "-v", "/v")


class PackageFacts(NamedTuple):
    """What tags are matched with: a workspace package as its manifest is now."""

    name: str
    private: bool
    version: str


def name_tags(
    packages: Sequence[PackageFacts], tags: Collection[str], *, fixed_version: bool
) -> "TagNames":
    """Learn how a workspace names its releases.

    Args:
        packages: all packages of the workspace.
        tags: the names of all tags of the repository.
        fixed_version: whether lerna.json has a version for the whole workspace.
    """
    names = TagNames(packages, frozenset(tags))
    names.plain_for = _sharing(packages, names, fixed_version=fixed_version)
    return names


class TagNames:
    """Finds the tag that names a version, for the packages of one workspace."""

    def __init__(self, packages: Sequence[PackageFacts], tags: frozenset[str]) -> None:
        self.tags = tags
        # The packages whose versions plain tags name.
        self.plain_for: frozenset[str] = frozenset()
        self._bearers = Counter(_without_scope(package.name) for package in packages)

    def tag_for(self, name: str, version: str) -> str:
        """Give the tag that names a version of a package, or an empty string."""
        own = self.own_tag_for(name, version)
        if own or name not in self.plain_for:
            return own
        plain = f"v{version}"
        return plain if plain in self.tags else ""

    def own_tag_for(self, name: str, version: str) -> str:
        """Give the tag that names a version and the package itself, or an empty string."""
        return next((tag for tag in self._own_tags(name, version) if tag in self.tags), "")

    def _own_tags(self, name: str, version: str) -> Iterator[str]:
        short = _without_scope(name)
        for form in _OWN:
            yield f"{name}{form}{version}"
            if short != name and self._bearers[short] == 1:
                yield f"{short}{form}{version}"


def _sharing(
    packages: Sequence[PackageFacts], names: TagNames, *, fixed_version: bool
) -> frozenset[str]:
    """Give the packages that share the workspace's versions."""
    everyone = frozenset(package.name for package in packages)
    if fixed_version or len(packages) == 1:
        return everyone
    versioned = [package for package in packages if package.version]
    published = [package for package in versioned if not package.private] or versioned
    one_version = len({package.version for package in published}) == 1
    if one_version or _count_standing(published, names) * 2 > len(published):
        return frozenset(package.name for package in published)
    return frozenset()


def _count_standing(packages: Sequence[PackageFacts], names: TagNames) -> int:
    """Count the packages that stand at, or are just past, plain tags of one major version."""
    plain = [
        package
        for package in packages
        if not names.own_tag_for(package.name, package.version) and _numbers(package.version)
    ]
    tagged = {package.version for package in plain if f"v{package.version}" in names.tags}
    highest = max(map(_numbers, tagged), default=None)
    if highest is None:
        return 0
    return sum(
        numbers[0] == highest[0] and (package.version in tagged or numbers > highest)
        for package in plain
        if (numbers := _numbers(package.version))
    )


def _numbers(version: str) -> tuple[int, ...]:
    match = _SEMVER.fullmatch(version)
    return tuple(map(int, match.groups())) if match else ()


def _without_scope(name: str) -> str:
    return name.rpartition("/")[2] if name.startswith("@") else name
