"""Which package a file belongs to: the one whose directory is the deepest above it.

That is the rule of the contract (section 0). A path that is itself a package's directory belongs
to that package too: it was a file, a symbolic link or a submodule then, and `git log -- PATH`
counts it. Like git, these rules tell upper from lower case.
"""

from collections.abc import Collection, Iterable, Sequence

ROOT = "."

# Histories name more directories than a tree ever holds; these are the ones kept at a time.
_REMEMBERED = 1 << 15


class Territories:
    """The directories of a workspace's packages, known by their index.

    Args:
        paths: the packages' directories from the root, with `/`; `.` is the root package.

    Raises:
        ValueError: a path is not written in that form, or comes twice.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        self.paths = tuple(paths)
        self._roots = {_encode(path): index for index, path in enumerate(self.paths)}
        if len(self._roots) != len(self.paths):
            raise ValueError("two packages have one directory")
        self._of_directory = _DirectoryOwners(self._roots)

    def owner(self, path: str | bytes) -> int | None:
        """Give the index of the package that a file belongs to; None for a file of none."""
        encoded = path if isinstance(path, bytes) else _to_bytes(path)
        return next(iter(self.owners([encoded])), None)

    def owners(self, paths: Collection[bytes]) -> set[int]:
        """Give the indexes of all packages that some of these files belong to.

        Histories name files by the hundred thousand, so this does little per file: it looks up
        the directory, whose owner is remembered.
        """
        of = self._of_directory
        roots = self._roots
        if roots.keys().isdisjoint(paths):
            found = {of[path.rpartition(b"/")[0]] for path in paths}
        else:
            found = {
                roots[path] if path in roots else of[path.rpartition(b"/")[0]] for path in paths
            }
        found.discard(None)
        return found  # type: ignore[return-value]  # None was just taken out


class _DirectoryOwners(dict[bytes, int | None]):
    """Finds a directory's owner on its first lookup and remembers it."""

    def __init__(self, roots: dict[bytes, int]) -> None:
        super().__init__()
        self._roots = roots
        self._depth = max((root.count(b"/") + 1 for root in roots), default=0)

    def __missing__(self, directory: bytes) -> int | None:
        if len(self) >= _REMEMBERED:
            self.clear()
        # No package lies deeper than the deepest one.
        above = b"/".join(directory.split(b"/", self._depth)[: self._depth])
        while above and above not in self._roots:
            above = above.rpartition(b"/")[0]
        owner = self[directory] = self._roots.get(above)
        return owner


def nested_paths(path: str, paths: Iterable[str]) -> tuple[str, ...]:
    """Give the package directories inside another one, sorted: what its territory leaves out."""
    if path == ROOT:
        return tuple(sorted(other for other in paths if other != ROOT))
    inside = f"{path}/"
    return tuple(sorted(other for other in paths if other.startswith(inside)))


def nest(paths: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Give every package directory with those inside it, as `nested_paths` does for one."""
    inside: dict[str, list[str]] = {path: [] for path in sorted(paths)}
    for path in inside:
        above = path
        while above != ROOT:
            above = above.rpartition("/")[0] or ROOT
            if above in inside:
                inside[above].append(path)
    return {path: tuple(nested) for path, nested in inside.items()}


def _encode(path: str) -> bytes:
    if path == ROOT:
        return b""
    if any(part in {"", ".", ".."} for part in path.split("/")):
        raise ValueError(f"not a path from the root: {path!r}")
    return _to_bytes(path)


def _to_bytes(path: str) -> bytes:
    # Git's paths are bytes; those that are no UTF-8 come from the file system in this form.
    return path.encode("utf-8", "surrogateescape")
