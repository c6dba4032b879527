"""The registry's own version grammar (contract, section 4), for what authors publish."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from registry.rules.semver import SemVer

MAX_LENGTH = 15
MAX_PART = 999

# At most three digits a part, so 0 to 999; ASCII's digits only.
_PART = r"([0-9]{1,3})"
_VERSION = re.compile(rf"{_PART}(?:\.{_PART})?(?:\.{_PART})?(?:([abr]){_PART})?")


class InvalidVersion(ValueError):
    """The text is no version in the registry's grammar."""


class Stage(StrEnum):
    """How near to its release a version is; the values compare, as text, in that order."""

    ALPHA = "a"
    BETA = "b"
    CANDIDATE = "r"
    RELEASE = "release"


@dataclass(frozen=True, order=True)
class RegistryVersion:
    """One version; the fields stand in the order in which they count."""

    major: int
    minor: int
    patch: int
    stage: Stage = Stage.RELEASE
    # The pre-release's number, 1 to 999; 0 in a release.
    number: int = 0

    @classmethod
    def parse(cls, text: str) -> "RegistryVersion":
        """Read a version; missing parts are 0 (`41b3` is `41.0.0b3`).

        Raises:
            InvalidVersion: it is none; the message says why.
        """
        return WrittenVersion.parse(text).complete(missing=0)

    def __str__(self) -> str:
        """Write the canonical form: `x.y.z` and the pre-release."""
        core = f"{self.major}.{self.minor}.{self.patch}"
        return core if self.stage is Stage.RELEASE else f"{core}{self.stage}{self.number}"

    def sort_key(self) -> bytes:
        """Make bytes that order as versions do, among the keys of semantic versions too.

        `1.2.0b3` stands where semver's `1.2.0-b.3` stands, so that one package may hold both kinds.
        """
        core = (str(self.major), str(self.minor), str(self.patch))
        if self.stage is Stage.RELEASE:
            return SemVer(core).sort_key()
        return SemVer(core, (self.stage.value, str(self.number))).sort_key()


@dataclass(frozen=True)
class WrittenVersion:
    """A version as it was written, of one to three parts; who reads it fills in the others."""

    parts: tuple[int, ...]
    stage: Stage
    number: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a version and leave missing parts missing.

        Raises:
            InvalidVersion: it is none; the message says why.
        """
        if len(text) > MAX_LENGTH:
            raise InvalidVersion(
                f"a version has at most {MAX_LENGTH} characters, and this one has {len(text)}"
            )
        match = _VERSION.fullmatch(text)
        if match is None:
            raise InvalidVersion(
                f"{text!r} is no version: write x, x.y or x.y.z, each 0 to {MAX_PART}, "
                f"then optionally a, b or r and a number from 1 to {MAX_PART}"
            )
        *written, letter, number = match.groups()
        parts = tuple(int(part) for part in written if part is not None)
        if not any(parts):
            raise InvalidVersion(f"{text!r} is no version: one of x, y and z must be above 0")
        if letter is None:
            return cls(parts, Stage.RELEASE, 0)
        if int(number) == 0:
            raise InvalidVersion(f"{text!r} is no version: a pre-release's number starts at 1")
        return cls(parts, Stage(letter), int(number))

    def complete(self, missing: int) -> RegistryVersion:
        """Give each missing part the number `missing`."""
        major, minor, patch = (*self.parts, missing, missing)[:3]
        return RegistryVersion(major, minor, patch, self.stage, self.number)
