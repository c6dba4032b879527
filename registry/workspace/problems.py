"""What can be wrong with a workspace's files; none of it stops the rest from being read."""

from dataclasses import dataclass
from enum import StrEnum

from registry.rules.enumerations import Severity
from registry.workspace.text import storable


class ProblemCode(StrEnum):
    """Every code that a problem can have; stable, since clients switch on it.

    Each is documented by the string below it.
    """

    FILE_TOO_LARGE = "file_too_large"
    """The file is over the limit; it was not read."""
    FILE_UNREADABLE = "file_unreadable"
    """The file is gone, or the system refuses to open it."""
    NOT_A_FILE = "not_a_file"
    """A directory, device, pipe or submodule stands where a file should."""
    LINK_OUTSIDE_WORKSPACE = "link_outside_workspace"
    """A symbolic link leads out of the workspace; it was not followed."""
    LINK_LOOP = "link_loop"
    """Symbolic links lead to each other without end."""
    OBJECT_MISSING = "object_missing"
    """The clone lacks the file's content (a partial clone)."""
    DIRECTORY_UNREADABLE = "directory_unreadable"
    """The system refuses to list a directory; what is below it is unknown."""
    PATH_NOT_UTF8 = "path_not_utf8"
    """A package's path is not UTF-8, so that no answer can name it; it is left out."""

    NOT_UTF8 = "not_utf8"
    """The text is not UTF-8; undecodable bytes became U+FFFD."""
    BYTE_ORDER_MARK = "byte_order_mark"
    """The text starts with a byte order mark, which some tools refuse."""
    NOT_JSON = "not_json"
    """The text is no JSON."""
    NOT_YAML = "not_yaml"
    """The text is no YAML."""
    NESTED_TOO_DEEPLY = "nested_too_deeply"
    """Objects and lists are nested deeper than any tool reads."""
    NOT_AN_OBJECT = "not_an_object"
    """The text is JSON or YAML, but not an object with keys."""
    DUPLICATE_KEY = "duplicate_key"
    """An object has one key twice; the last one counts, as in every tool."""
    NUMBER_OUT_OF_RANGE = "number_out_of_range"
    """A number is beyond what JSON's readers can hold."""
    TEXT_NOT_STORABLE = "text_not_storable"
    """A text holds NUL or half a surrogate pair; each became U+FFFD."""

    NAME_MISSING = "name_missing"
    """The manifest has no name; the directory's is used, as npm does."""
    NAME_INVALID = "name_invalid"
    """The name is none that npm takes."""
    NAME_DUPLICATE = "name_duplicate"
    """Another manifest, earlier by path, has the same name: that one is the package."""
    VERSION_MISSING = "version_missing"
    """The manifest has no version."""
    VERSION_INVALID = "version_invalid"
    """The version is no semantic version."""
    FIELD_INVALID = "field_invalid"
    """A field has not the shape that npm documents; what is wrong of it is left out."""
    MANIFEST_UNSUPPORTED = "manifest_unsupported"
    """The directory's only manifest is a package.yaml or package.json5, which are not read."""

    PACKAGES_MISSING = "packages_missing"
    """The workspace holds no package at all."""
    PATTERN_INVALID = "pattern_invalid"
    """A workspace pattern cannot be used; it is left out."""
    MEMBER_NOT_LISTED = "member_not_listed"
    """A pattern matches the directory, but its tool leaves it out."""

    REPORT_INVALID = "report_invalid"
    """A file that should be a report is none, or stops making sense; it counts for nothing."""

    HISTORY_SHALLOW = "history_shallow"
    """The clone holds only a part of the history: commits and versions before it are unknown."""
    HISTORY_INCOMPLETE = "history_incomplete"
    """The clone lacks objects of old commits: commits or versions are unknown."""
    HISTORY_UNREADABLE = "history_unreadable"
    """Git stopped before it had told the whole history: what was known before stays."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where, and a sentence that says what and how to mend it."""

    code: ProblemCode
    severity: Severity
    # From the workspace's root, with `/`; of the file or directory that is wrong.
    path: str
    message: str

    def __post_init__(self) -> None:
        """Make path and message fit to be stored, whatever they quote."""
        object.__setattr__(self, "path", storable(self.path))
        object.__setattr__(self, "message", storable(self.message))


def error(code: ProblemCode, path: str, message: str) -> Problem:
    """Make a problem because of which something is missing from the catalogue."""
    return Problem(code, Severity.ERROR, path, message)


def warning(code: ProblemCode, path: str, message: str) -> Problem:
    """Make a problem that a team should mend."""
    return Problem(code, Severity.WARNING, path, message)


def note(code: ProblemCode, path: str, message: str) -> Problem:
    """Make a problem that may well be meant."""
    return Problem(code, Severity.INFO, path, message)
