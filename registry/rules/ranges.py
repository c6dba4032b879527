"""npm's version ranges: `^1.2.3`, `~1.2`, `1.x || >=2.5.0`, `1.2 - 3` and the like.

The answers are those of npm's own `semver` package, version 7, with its default options: strict
syntax, and a pre-release only where the range names one of the same x.y.z. Every step takes time
in proportion to the text, for a manifest may hold anything.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile
from typing import NamedTuple

from registry.rules.semver import BUILD, PRERELEASE, InvalidSemVer, SemVer

# npm refuses numbers above JavaScript's greatest safe integer, which has 16 digits.
_PART = r"(0|[1-9][0-9]{0,15}|[xX*])"
_PARTIAL = rf"([v=]*){_PART}(?:\.{_PART}(?:\.{_PART}(?:-({PRERELEASE}))?)?)?"
_SIMPLE = re.compile(rf"(\^|~>?|[<>]=?|=?){_PARTIAL}")
_HYPHEN = re.compile(rf"{_PARTIAL} - {_PARTIAL}")
_BUILD = re.compile(rf"\+{BUILD}")
_SPACE_AFTER_OPERATOR = re.compile(r"(?<=[<>=~^]) ")
_WHOLE = 3

# The lowest pre-release that there is: `<2.0.0-0` leaves out 2.0.0's pre-releases too.
_LEAST = ("0",)


@dataclass(frozen=True)
class Comparator:
    """One bound: a version, and `=`, `<`, `<=`, `>` or `>=`."""

    operator: str
    version: SemVer

    def admits(self, version: SemVer) -> bool:
        """Tell whether a version is on the right side of the bound."""
        this, bound = version.precedence, self.version.precedence
        match self.operator:
            case "<":
                return this < bound
            case "<=":
                return this <= bound
            case ">":
                return this > bound
            case ">=":
                return this >= bound
            case _:
                return this == bound


# Bounds that all hold; without any, all versions but pre-releases are in.
Alternative = tuple[Comparator, ...]


@dataclass(frozen=True)
class Range:
    """A range, as the alternatives that `||` parts."""

    alternatives: tuple[Alternative, ...]

    def admits(self, version: SemVer) -> bool:
        """Tell whether a version is in the range."""
        return any(_admits(alternative, version) for alternative in self.alternatives)


def satisfies(version: str, range_text: str) -> bool:
    """Tell whether a version is in a range; no, where either is not what it should be."""
    wanted = parse_range(range_text)
    if wanted is None:
        return False
    try:
        # npm reads `v1.2.3` and spaces around it too.
        return wanted.admits(SemVer.parse(version.strip().removeprefix("v")))
    except InvalidSemVer:
        return False


@lru_cache(maxsize=4096)
def parse_range(text: str) -> Range | None:
    """Read a range; None where the text is none, as the name of a tag is."""
    alternatives = []
    for part in text.split("||"):
        alternative = _parse_alternative(part)
        if alternative is None:
            return None
        alternatives.append(alternative)
    # To npm, a range of which one alternative is `*` is `*`: the pre-releases that the other
    # alternatives name are no longer in it.
    if () in alternatives:
        alternatives = [()]
    return Range(tuple(alternatives))


def _admits(alternative: Alternative, version: SemVer) -> bool:
    if not all(comparator.admits(version) for comparator in alternative):
        return False
    return not version.prerelease or any(
        comparator.version.prerelease and comparator.version.core == version.core
        for comparator in alternative
    )


def _parse_alternative(text: str) -> Alternative | None:
    """Read what stands between two `||`: a hyphen range, or simple ranges that all must hold."""
    text = " ".join(_BUILD.sub("", text).split())
    hyphen = _HYPHEN.fullmatch(text)
    if hyphen is not None:
        _, *low, _, major, minor, patch, prerelease = hyphen.groups()
        high = _Partial.read(major, minor, patch, prerelease)
        return _without_empty_bounds(_desugar_hyphen(_Partial.read(*low), high))
    bounds: list[Comparator] = []
    for word in _SPACE_AFTER_OPERATOR.sub("", text).split():
        simple = _SIMPLE.fullmatch(word)
        if simple is None:
            return None
        operator, prefix, *partial = simple.groups()
        desugared = _desugar(operator, prefix, _Partial.read(*partial))
        if desugared is None:
            return None
        bounds.extend(desugared)
    return _without_empty_bounds(bounds)


class _Partial(NamedTuple):
    """A version of which the last parts may be open: `1.2.3-a.1`, `1.2`, `1.x`, `*`."""

    numbers: tuple[int, ...]
    prerelease: tuple[str, ...]
    # A number follows an open part, as in `1.x.2`.
    misordered: bool

    @classmethod
    def read(
        cls, major: str, minor: str | None, patch: str | None, prerelease: str | None
    ) -> "_Partial":
        parts = [part for part in (major, minor, patch) if part is not None]
        numbers = tuple(map(int, takewhile(str.isdigit, parts)))
        misordered = any(map(str.isdigit, parts[len(numbers) :]))
        if prerelease is None or len(numbers) < _WHOLE:
            return cls(numbers, (), misordered)
        return cls(numbers, tuple(prerelease.split(".")), misordered)

    @property
    def is_whole(self) -> bool:
        return len(self.numbers) == _WHOLE


def _desugar_hyphen(low: _Partial, high: _Partial) -> Iterator[Comparator]:
    """Turn `1.2 - 3` into `>=1.2.0 <4.0.0-0`."""
    if low.numbers:
        yield Comparator(">=", _version(low.numbers, low.prerelease))
    if high.is_whole:
        yield Comparator("<=", _version(high.numbers, high.prerelease))
    elif high.numbers:
        yield Comparator("<", _version_after(high.numbers, _LEAST))


def _desugar(operator: str, prefix: str, partial: _Partial) -> Alternative | None:
    """Turn one simple range into bounds; None where npm refuses it."""
    numbers = partial.numbers
    if operator in ("^", "~", "~>"):
        if not numbers:
            return ()
        last = len(numbers) - 1
        # What must stay: with `^` the first number that is not 0, with `~` the minor one.
        held = next((i for i, n in enumerate(numbers) if n), last) if operator == "^" else 1
        return (
            Comparator(">=", _version(numbers, partial.prerelease)),
            Comparator("<", _version_after(numbers[: min(held, last) + 1], _LEAST)),
        )
    if partial.misordered:
        return None
    if partial.is_whole:
        bound = Comparator(operator or "=", _version(numbers, partial.prerelease))
        return (bound,) if prefix in ("", "v") else None
    return _desugar_open(operator, numbers)


def _desugar_open(operator: str, numbers: tuple[int, ...]) -> Alternative:
    """Turn a comparison with an open version, such as `>1.2` or `1.x`, into bounds."""
    if not numbers:
        return (_BELOW_ALL,) if operator in ("<", ">") else ()
    match operator:
        case "<":
            return (Comparator("<", _version(numbers, _LEAST)),)
        case "<=":
            return (Comparator("<", _version_after(numbers, _LEAST)),)
        case ">":
            return (Comparator(">=", _version_after(numbers)),)
        case ">=":
            return (Comparator(">=", _version(numbers)),)
        case _:
            return (
                Comparator(">=", _version(numbers)),
                Comparator("<", _version_after(numbers, _LEAST)),
            )


def _without_empty_bounds(bounds: Iterable[Comparator]) -> Alternative:
    """Leave out `>=0.0.0`, which to npm says nothing, just as `*` does."""
    return tuple(bound for bound in bounds if bound != _FROM_ZERO)


def _version(numbers: tuple[int, ...], prerelease: tuple[str, ...] = ()) -> SemVer:
    """Make the first version that begins with these numbers."""
    major, minor, patch = (*numbers, 0, 0)[:_WHOLE]
    return SemVer((str(major), str(minor), str(patch)), prerelease)


def _version_after(numbers: tuple[int, ...], prerelease: tuple[str, ...] = ()) -> SemVer:
    """Make the first version past all that begin with these numbers."""
    return _version((*numbers[:-1], numbers[-1] + 1), prerelease)


_FROM_ZERO = Comparator(">=", _version((0,)))
_BELOW_ALL = Comparator("<", _version((0,), _LEAST))
