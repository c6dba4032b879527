"""Whether commits leave the packages of a bare repository as they are: then none is read again."""

import os
from collections.abc import Collection, Iterable

from registry.history.repository import Repository, check_hashes
from registry.workspace.discovery import OTHER_MANIFESTS
from registry.workspace.layout import (
    BUN_LOCKS,
    LERNA_FILE,
    MANIFEST,
    PNPM_FILE,
    YARN_LOCK,
    YARN_SETTINGS,
)

# The names of all files that say what the packages are, or what is in them.
_TELLING = frozenset(
    name.encode()
    for name in (
        MANIFEST,
        *OTHER_MANIFESTS,
        PNPM_FILE,
        LERNA_FILE,
        YARN_SETTINGS,
        YARN_LOCK,
        *BUN_LOCKS,
    )
)
_NOTHING = b"000000"
# No file, and a regular one: what comes or goes as one of these leads nowhere.
_PLAIN = frozenset({_NOTHING, b"100644", b"100755"})


def members_stand(
    repository: Repository, old: str, new: str, targets: Collection[str] = ()
) -> bool:
    """Tell whether nothing that differs between two commits can change a package.

    That is so where only regular files differ, none of them with a name that the tools or their
    manifests have: a directory is only ever a package by a file of such a name, or by a link. False
    where git cannot say.

    Args:
        repository: the workspace.
        old: the commit that the packages were read at.
        new: the one to compare it with.
        targets: paths without links; a file that comes or goes at one or below it tells, too.

    Raises:
        ValueError: one of them is no full hash.
    """
    check_hashes(old, new)
    answer = repository.ask(["diff-tree", "-r", "-z", "--raw", "--no-renames", old, new, "--"])
    if answer.status:
        return False
    fields = answer.output.split(b"\0")
    places = [os.fsencode(target) for target in targets]
    return all(
        _is_plain(change)
        and path.rpartition(b"/")[2] not in _TELLING
        and not (_NOTHING in _modes(change) and _is_within(path, places))
        for change, path in zip(fields[:-1:2], fields[1::2], strict=True)
    )


def _modes(change: bytes) -> list[bytes]:
    """Take both modes from `:OLD-MODE NEW-MODE OLD-HASH NEW-HASH STATUS`."""
    return change[1:].split(b" ", 2)[:2]


def _is_plain(change: bytes) -> bool:
    return _PLAIN.issuperset(_modes(change))


def _is_within(path: bytes, places: Iterable[bytes]) -> bool:
    return any(path == place or path.startswith(place + b"/") for place in places)
