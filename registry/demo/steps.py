"""What can happen in the demo workspace: each step becomes a commit, or a merge and its branch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Name, mail and time zone.
PEOPLE = {
    "ada": ("Ada Okafor", "ada.okafor@example.com", "+0100"),
    "bot": ("release-bot[bot]", "release-bot@example.com", "+0000"),
    "jose": ("José Núñez", "jose@example.com", "-0300"),
    "lukasz": ("Łukasz Wiśniewski", "lukasz@example.com", "+0200"),
    "mei": ("田中 芽衣", "mei@example.com", "+0900"),
    "priya": ("Priya Raman", "priya@example.com", "+0530"),
    "soren": ("Søren Østergård", "soren@example.com", "+0100"),
    "zoe": ("Zoë | Platform", "zoe@example.com", "-0800"),
}


@dataclass(frozen=True)
class Add:
    """A package enters the workspace, as `MEMBERS` has it."""

    who: str
    package: str
    subject: str


@dataclass(frozen=True)
class Work:
    """Something is done in packages, or (with none) at the root.

    `packages` are keys of `MEMBERS`, separated by spaces. `manifest` holds what the packages'
    manifests gain, by section.
    """

    who: str
    packages: str
    subject: str
    manifest: Mapping[str, Mapping[str, Any]] | None = None


@dataclass(frozen=True)
class Release:
    """A package gets a version, and a tag where the package has tags."""

    who: str
    package: str
    version: str


@dataclass(frozen=True)
class Move:
    """A package's directory becomes another one."""

    who: str
    package: str
    to: str
    subject: str


@dataclass(frozen=True)
class Remove:
    """A package leaves the workspace."""

    who: str
    package: str
    subject: str


@dataclass(frozen=True)
class Write:
    """A file is written, whatever it makes of the workspace."""

    who: str
    path: str
    subject: str
    text: str


@dataclass(frozen=True)
class Nothing:
    """A commit without a file."""

    who: str
    subject: str


@dataclass(frozen=True)
class Merge:
    """Steps on a branch of its own, others on the main one meanwhile, then the merge."""

    who: str
    name: str
    branch: tuple["Step", ...]
    meanwhile: tuple["Step", ...] = ()


Step = Add | Work | Release | Move | Remove | Write | Nothing | Merge
