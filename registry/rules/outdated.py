"""What is to be said of a dependency, by what an npm registry has of it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from registry.rules.enumerations import DependencyStatus
from registry.rules.ranges import Range, parse_range
from registry.rules.semver import InvalidSemVer, SemVer


@dataclass(frozen=True)
class Published:
    """What an npm registry has of a package.

    Attributes:
        latest: the version that the tag `latest` names; empty if there is none.
        versions: all of them.
        deprecated: those of them that are deprecated.
        tags: versions by tag.
    """

    latest: str = ""
    versions: Sequence[str] = ()
    deprecated: frozenset[str] = frozenset()
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """What a dependency's `latest`, `outdated` and `status` are."""

    latest: str
    outdated: bool
    status: str


def judge_dependency(wanted: str, published: Published | None) -> Verdict:
    """Judge a dependency by what the registry has.

    It is outdated where the version that `latest` names is not among those that would do. Which
    version npm would install decides on deprecation (npm-pick-manifest): one that is not
    deprecated where any such would do.

    Args:
        wanted: a range, or a tag.
        published: None where the registry has no such package.
    """
    if published is None:
        return Verdict("", False, DependencyStatus.NOT_FOUND)
    range_ = parse_range(wanted)
    if range_ is None:
        tagged = published.tags.get(wanted, "")
        fitting = {tagged} & set(published.versions)
        outdated = False
    else:
        fitting = {version for version in published.versions if _admits(range_, version)}
        outdated = bool(published.latest) and not _admits(range_, published.latest)
    return Verdict(published.latest, outdated, _status(fitting, published, outdated=outdated))


def _status(fitting: set[str], published: Published, *, outdated: bool) -> DependencyStatus:
    if not fitting:
        return DependencyStatus.UNSATISFIED
    if fitting <= published.deprecated:
        return DependencyStatus.DEPRECATED
    return DependencyStatus.OUTDATED if outdated else DependencyStatus.CURRENT


def _admits(range_: Range, version: str) -> bool:
    parsed = _parse(version)
    return parsed is not None and range_.admits(parsed)


@lru_cache(maxsize=1 << 14)
def _parse(version: str) -> SemVer | None:
    try:
        return SemVer.parse(version)
    except InvalidSemVer:
        return None
