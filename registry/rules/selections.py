"""Version selections: which versions an expression such as `1.2-, 0.9.1b2` covers (contract, 4)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

from registry.rules.versions import (
    MAX_PART,
    InvalidVersion,
    RegistryVersion,
    Stage,
    WrittenVersion,
)

MAX_LENGTH = 256
LOWEST = RegistryVersion(0, 0, 1, Stage.ALPHA, 1)
HIGHEST = RegistryVersion(MAX_PART, MAX_PART, MAX_PART)


class InvalidSelection(ValueError):
    """The text is no version selection."""


@dataclass(frozen=True, order=True)
class VersionRange:
    """All versions from the lowest to the highest, both included."""

    lowest: RegistryVersion
    highest: RegistryVersion

    def __str__(self) -> str:
        """Write the shortest term that covers exactly this range.

        A single version is preferred to a range, an open end to a written one.
        """
        if (self.lowest, self.highest) == (LOWEST, HIGHEST):
            return "*"
        left, right = _write_left(self.lowest), _write_right(self.highest)
        # The ends of `1.999` read 1.999 and 1, those of `1.0` read 1 and 1.0: either may be it.
        for single in (left, right):
            if _parse_single(single) == self:
                return single
        if self.lowest == LOWEST:
            left = ""
        if self.highest == HIGHEST:
            right = ""
        return f"{left}-{right}"


EVERYTHING = VersionRange(LOWEST, HIGHEST)


@dataclass(frozen=True)
class Selection:
    """The versions that an expression covers, as ranges in rising order that do not overlap.

    Only ranges that overlap are merged. Neighbours are left as they were written: `1,2` stays
    `1,2`. The canonical form drops what completion adds back and what is said twice, nothing more,
    and that no version fits between 1.999.999 and 2.0.0a1 is the grammar's limit, not the author's
    meaning.
    """

    ranges: tuple[VersionRange, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a selection: terms with commas between them, of at most 256 characters in all.

        Raises:
            InvalidSelection: it is none; the message names the term and what is wrong with it.
        """
        if len(text) > MAX_LENGTH:
            raise InvalidSelection(
                f"a selection has at most {MAX_LENGTH} characters, and this one has {len(text)}"
            )
        return cls(_merge(_parse_term(term.strip(" ")) for term in text.split(",")))

    @cached_property
    def canonical(self) -> str:
        """The shortest way to write each range, in order: `1.0.0a1-5.999.999, 3` is `1-5`."""
        return ",".join(map(str, self.ranges))

    def contains(self, version: RegistryVersion) -> bool:
        """Tell whether it covers a version."""
        return any(covered.lowest <= version <= covered.highest for covered in self.ranges)


def _parse_term(term: str) -> VersionRange:
    if term == "*":
        return EVERYTHING
    left, hyphen, right = (part.strip(" ") for part in term.partition("-"))
    if hyphen and not (left or right):
        raise InvalidSelection(f"{term!r} is no range: it needs a version on one side at least")
    try:
        if not hyphen:
            return _parse_single(term)
        covered = VersionRange(
            _parse_left(left) if left else LOWEST, _parse_right(right) if right else HIGHEST
        )
    except InvalidVersion as error:
        raise InvalidSelection(f"the term {term!r} is wrong: {error}") from error
    if covered.lowest > covered.highest:
        raise InvalidSelection(
            f"the range {term!r} is empty: {covered.lowest} comes after {covered.highest}"
        )
    return covered


def _parse_single(text: str) -> VersionRange:
    """Cover all that completes a version; a pre-release is just itself."""
    if WrittenVersion.parse(text).stage is Stage.RELEASE:
        return VersionRange(_parse_left(text), _parse_right(text))
    version = RegistryVersion.parse(text)
    return VersionRange(version, version)


def _parse_left(text: str) -> RegistryVersion:
    """Complete a lower end: missing parts are 0, and a release begins at its first alpha."""
    version = RegistryVersion.parse(text)
    if version.stage is Stage.RELEASE:
        return replace(version, stage=Stage.ALPHA, number=1)
    return version


def _parse_right(text: str) -> RegistryVersion:
    """Complete an upper end: missing parts are 999, but 0 where a pre-release is written."""
    written = WrittenVersion.parse(text)
    return written.complete(missing=MAX_PART if written.stage is Stage.RELEASE else 0)


def _write_left(version: RegistryVersion) -> str:
    """Write a lower end as `_parse_left` completes it."""
    first_alpha = (version.stage, version.number) == (Stage.ALPHA, 1)
    prerelease = "" if first_alpha else f"{version.stage}{version.number}"
    return _write_parts(version, missing=0) + prerelease


def _write_right(version: RegistryVersion) -> str:
    """Write an upper end as `_parse_right` completes it."""
    if version.stage is Stage.RELEASE:
        return _write_parts(version, missing=MAX_PART)
    return f"{_write_parts(version, missing=0)}{version.stage}{version.number}"


def _write_parts(version: RegistryVersion, missing: int) -> str:
    """Write x, y and z without the last ones that completion adds back."""
    parts = [version.major, version.minor, version.patch]
    # What remains must be a version itself, and `0` or `0.0` is none: 0.999.999 is `0.999`.
    while len(parts) > 1 and parts[-1] == missing and any(parts[:-1]):
        parts.pop()
    return ".".join(map(str, parts))


def _merge(ranges: Iterable[VersionRange]) -> tuple[VersionRange, ...]:
    merged: list[VersionRange] = []
    for covered in sorted(ranges):
        if merged and covered.lowest <= merged[-1].highest:
            highest = max(merged[-1].highest, covered.highest)
            merged[-1] = VersionRange(merged[-1].lowest, highest)
        else:
            merged.append(covered)
    return tuple(merged)
