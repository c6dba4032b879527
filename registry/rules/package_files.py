"""What the files of an uploaded package may be called, and where they must lie.

The structure is the registry document's: a directory named by the package's identifier, scripts
beside it, no `manifest.json` of the author's own beside it, no leavings of macOS, no programs. All
of it may lie in one directory around it, as people zip directories.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from registry.rules.enumerations import PackageType, VersionStatus

MANIFEST = "manifest.json"
# Bytes; Windows' own limit is 260 characters, of which the simulator's directory takes some.
MAX_PATH_LENGTH = 200
_LONGEST_SHOWN = 80

# What file managers leave in every directory that they show; nobody means to publish it.
_LITTER = {".ds_store", "desktop.ini", "thumbs.db"}
_MACOS_DIRECTORY = "__macosx"
# A file's resource fork, beside the file.
_MACOS_PREFIX = "._"

# U+0000 to U+001F and U+007F end or hide parts of names; `\` and `:` separate them on Windows.
_FORBIDDEN_CHARACTERS = re.compile(r"[\x00-\x1f\x7f\\:]")

# Libraries, of which plugins are made, are no programs; `.xpl` is X-Plane's suffix of them.
_LIBRARY = re.compile(r"\.(?:xpl|dll|dylib|so(?:\.[0-9]+)*)$", re.IGNORECASE)
_PROGRAM = re.compile(
    r"\.(?:exe|com|scr|msi|msix|bat|cmd|ps1|vbs|vbe|wsf|hta|lnk|sh|command|pkg|dmg|deb|rpm|appimage"
    r"|jar)$",
    re.IGNORECASE,
)
# ELF; PE and DOS; Mach-O, of 32 and 64 bits, in both byte orders, and of several processors.
_PROGRAM_BEGINNINGS = (
    b"\x7fELF",
    b"MZ",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"#!",
)
# As many bytes of a file as tell whether it is a program.
BEGINNING = 4


class Rejected(Exception):
    """The upload cannot become an artifact: with which status, and why, for its author."""

    def __init__(self, status: VersionStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True)
class PlacedFile:
    """A file or directory of the archive, and its place in the artifact."""

    # Its index among the names that were given.
    index: int
    # With `/`, no slash at the end.
    path: str
    is_directory: bool


def show_name(name: str) -> str:
    """Write a name for a sentence: quoted, made visible, and not endless."""
    shown = name if len(name) <= _LONGEST_SHOWN else f"{name[:_LONGEST_SHOWN]}…"
    return repr(shown)


def check_names(names: Sequence[str]) -> None:
    """See that names are paths below one directory, each of them only once, wherever they go.

    Two names that a file system without case, or one that composes accents, takes for one are one.

    Args:
        names: as the archive has them; a directory's end with `/`.

    Raises:
        Rejected: one leads out, or two would be one file.
    """
    files: dict[str, str] = {}
    directories: dict[str, str] = {}
    for name in names:
        _check_name(name)
        parts = _split(name)
        is_directory = name.endswith("/")
        for depth in range(1, len(parts) + 1):
            path = "/".join(parts[:depth])
            key = _fold(path)
            as_directory = is_directory or depth < len(parts)
            same, other = (directories, files) if as_directory else (files, directories)
            if key in other or (key in same and (same[key] != path or not as_directory)):
                first = other.get(key) or same[key]
                raise _invalid(f"{show_name(path)} and {show_name(first)} would be one file")
            same[key] = path


def place_files(names: Sequence[str], identifier: str) -> list[PlacedFile]:
    """Find the place of each name in the artifact, by the structure that the document wants.

    Args:
        names: as the archive has them, checked by `check_names`.
        identifier: the package's partial identifier.

    Returns:
        What goes into the artifact, ordered by path in code point order; what file managers leave
        behind is left out, and directories that something is in.

    Raises:
        Rejected: the structure is another.
    """
    for name in names:
        parts = _split(name.lower())
        if _MACOS_DIRECTORY in parts or parts[-1].startswith(_MACOS_PREFIX):
            raise Rejected(
                VersionStatus.FAILED_MACOSX,
                f"{show_name(name)} is what macOS adds to archives: zip the package without it.",
            )
    root = _find_root(names, identifier)
    placed = []
    for index, name in enumerate(names):
        path = name.rstrip("/")
        if not path.startswith(root) or _split(path.lower())[-1] in _LITTER:
            continue
        placed.append(PlacedFile(index, path.removeprefix(root), name.endswith("/")))
    for each in placed:
        if each.path.lower().split("/")[0] == MANIFEST:
            raise Rejected(
                VersionStatus.FAILED_MANIFEST_EXISTS,
                f"The archive has a {MANIFEST} of its own; the registry writes it: leave it out.",
            )
    filled = {
        each.path[:slash]
        for each in placed
        for slash, character in enumerate(each.path)
        if character == "/"
    }
    kept = [each for each in placed if not each.is_directory or each.path not in filled]
    return sorted(kept, key=lambda each: each.path)


def check_program(path: str, beginning: bytes, package_type: str) -> None:
    """See that a file is no program, which only packages of the type `executable` may have.

    Args:
        path: its path.
        beginning: its first bytes, `BEGINNING` of them or all.
        package_type: what the listing says the package is.

    Raises:
        Rejected: it is one, by its name or by its first bytes.
    """
    if package_type == PackageType.EXECUTABLE or _LIBRARY.search(path):
        return
    if _PROGRAM.search(path) or beginning.startswith(_PROGRAM_BEGINNINGS):
        raise _invalid(
            f"{show_name(path)} is a program, which only packages of the type executable may have"
        )


def _split(name: str) -> list[str]:
    return name.removesuffix("/").split("/")


def _check_name(name: str) -> None:
    if len(name.encode(errors="surrogatepass")) > MAX_PATH_LENGTH:
        raise Rejected(
            VersionStatus.FAILED_FILE_TOO_LARGE,
            f"The path {show_name(name)} is longer than {MAX_PATH_LENGTH} bytes.",
        )
    if _FORBIDDEN_CHARACTERS.search(name):
        raise _invalid(
            f"the path {show_name(name)} has a backslash, a colon or a control character"
        )
    parts = _split(name)
    if "" in parts or "." in parts or ".." in parts:
        raise _invalid(f"the path {show_name(name)} leads out of the archive, or in a circle")
    try:
        name.encode()
    except UnicodeEncodeError:
        raise _invalid(f"the path {show_name(name)} is no text") from None


def _fold(path: str) -> str:
    composed = unicodedata.normalize("NFC", path)
    return unicodedata.normalize("NFC", composed.casefold())


def _find_root(names: Iterable[str], identifier: str) -> str:
    """Find what is before the package's directory: nothing, or one directory around all."""
    tops, below = set(), set()
    for name in names:
        parts = _split(name)
        if name.endswith("/") or len(parts) > 1:
            tops.add(parts[0])
        elif parts[0].lower() not in _LITTER:
            below.add("")
        if len(parts) > 2 or (len(parts) == 2 and name.endswith("/")):  # noqa: PLR2004 -- a directory in a directory
            below.add(f"{parts[0]}/{parts[1]}")
    if identifier in tops:
        return ""
    if len(tops) == 1 and "" not in below:
        (around,) = tops
        if f"{around}/{identifier}" in below:
            return f"{around}/"
    raise Rejected(
        VersionStatus.FAILED_NO_FILE_DIR,
        f"The archive has no directory {identifier}, at its top or in the one directory around it.",
    )


def _invalid(reason: str) -> Rejected:
    sentence = f"{reason[0].upper()}{reason[1:]}."
    return Rejected(VersionStatus.FAILED_INVALID_FILE_TYPES, sentence)
