"""HEAD and the tags, read from a repository's own files.

Asking git takes a process each time, and an unchanged refresh asks for little else. These readers
know the plain layout (loose files before `packed-refs`; see gitrepository-layout(5)) and answer
None for anything else, such as reftable: then git itself must be asked.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from registry.history.git_files import read_git_file

_BRANCHES = b"refs/heads/"
_HASH = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, slots=True)
class Head:
    """What is checked out: `commit` is empty where there is none yet, `branch` when detached."""

    commit: str
    branch: str


def read_head(git_dir: Path, common_dir: Path) -> Head | None:
    """Read what HEAD is, or give None when git has to be asked.

    Args:
        git_dir: where HEAD is; a linked worktree has its own.
        common_dir: where branches are.
    """
    head = git_dir / "HEAD"
    if head.is_symlink() or _is_unusual(common_dir):
        return None
    text = read_git_file(head).strip()
    if _HASH.fullmatch(text):
        return Head(text.decode(), "")
    reference = text.removeprefix(b"ref:").lstrip()
    if not text.startswith(b"ref:") or not reference.startswith(_BRANCHES) or b".." in reference:
        return None
    commit = _read_loose(common_dir / os.fsdecode(reference))
    if commit is None:
        commit = _find_packed(common_dir, reference)
    if commit and not _HASH.fullmatch(commit):
        return None
    branch = reference.removeprefix(_BRANCHES).decode("utf-8", "replace")
    return Head(commit.decode(), branch)


def read_names(common_dir: Path, namespace: str) -> frozenset[str] | None:
    """Read the names under a namespace such as `refs/tags/`, or give None to have git asked."""
    if _is_unusual(common_dir):
        return None
    names = set(_walk_loose(common_dir / namespace, ""))
    # A name holds no space, so this cuts at nothing else.
    pieces = _read_packed(common_dir).split(f" {namespace}".encode())[1:]
    names.update(piece.partition(b"\n")[0].decode("utf-8", "replace") for piece in pieces)
    return frozenset(names)


def _is_unusual(common_dir: Path) -> bool:
    return (common_dir / "reftable").exists()


def _read_loose(path: Path) -> bytes | None:
    try:
        return read_git_file(path).strip()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None


def _read_packed(common_dir: Path) -> bytes:
    return _read_loose(common_dir / "packed-refs") or b""


def _find_packed(common_dir: Path, reference: bytes) -> bytes:
    packed = b"\n" + _read_packed(common_dir) + b"\n"
    end = packed.find(b" " + reference + b"\n")
    return b"" if end < 0 else packed[packed.rfind(b"\n", 0, end) + 1 : end]


def _walk_loose(directory: Path | os.DirEntry[str], prefix: str) -> Iterator[str]:
    try:
        entries = list(os.scandir(directory))
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _walk_loose(entry, f"{prefix}{entry.name}/")
        elif not entry.name.endswith(".lock") and not _is_empty(entry):
            yield os.fsencode(prefix + entry.name).decode("utf-8", "replace")


def _is_empty(entry: os.DirEntry[str]) -> bool:
    """Tell of a file that a crash left empty, which git leaves out too, or that has just gone."""
    try:
        return entry.stat().st_size == 0
    except FileNotFoundError:
        return True
