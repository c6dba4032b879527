"""The closed list of what can be wrong with a workspace, its packages and their history.

`docs/issues.md` is this list for readers, and a test holds it to this one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from registry.rules.enumerations import Severity


class IssueCode(StrEnum):
    """Every code that an issue can have; stable, since clients switch on it."""

    # Files.
    FILE_TOO_LARGE = "file_too_large"
    FILE_UNREADABLE = "file_unreadable"
    NOT_A_FILE = "not_a_file"
    LINK_OUTSIDE_WORKSPACE = "link_outside_workspace"
    LINK_LOOP = "link_loop"
    OBJECT_MISSING = "object_missing"
    DIRECTORY_UNREADABLE = "directory_unreadable"
    PATH_NOT_UTF8 = "path_not_utf8"
    # What is in them.
    NOT_UTF8 = "not_utf8"
    BYTE_ORDER_MARK = "byte_order_mark"
    NOT_JSON = "not_json"
    NOT_YAML = "not_yaml"
    NESTED_TOO_DEEPLY = "nested_too_deeply"
    NOT_AN_OBJECT = "not_an_object"
    DUPLICATE_KEY = "duplicate_key"
    NUMBER_OUT_OF_RANGE = "number_out_of_range"
    TEXT_NOT_STORABLE = "text_not_storable"
    # Manifests.
    NAME_MISSING = "name_missing"
    NAME_INVALID = "name_invalid"
    NAME_DUPLICATE = "name_duplicate"
    VERSION_MISSING = "version_missing"
    VERSION_INVALID = "version_invalid"
    FIELD_INVALID = "field_invalid"
    MANIFEST_UNSUPPORTED = "manifest_unsupported"
    LICENSE_MISSING = "license_missing"
    REPOSITORY_MISSING = "repository_missing"
    # The workspace.
    PACKAGES_MISSING = "packages_missing"
    PATTERN_INVALID = "pattern_invalid"
    MEMBER_NOT_LISTED = "member_not_listed"
    # Dependencies.
    DEPENDENCY_CYCLE = "dependency_cycle"
    WORKSPACE_DEPENDENCY_MISSING = "workspace_dependency_missing"
    LOCAL_DEPENDENCY_MISSING = "local_dependency_missing"
    WORKSPACE_RANGE_UNMET = "workspace_range_unmet"
    DEPENDENCY_RANGES_DIFFER = "dependency_ranges_differ"
    # Health.
    REPORT_INVALID = "report_invalid"
    REPORTS_LEFT_OUT = "reports_left_out"
    BUILD_FAILING = "build_failing"
    COVERAGE_DROPPED = "coverage_dropped"
    VULNERABILITIES_KNOWN = "vulnerabilities_known"
    # History.
    HISTORY_SHALLOW = "history_shallow"
    HISTORY_INCOMPLETE = "history_incomplete"
    HISTORY_UNREADABLE = "history_unreadable"


@dataclass(frozen=True)
class IssueKind:
    """What a code says.

    Attributes:
        severities: how much it matters; several where that depends on the case.
        meaning: what is wrong, in one sentence.
        remedy: how to mend it.
        evidence: the keys of its structured evidence; none where the message says it all.
    """

    severities: tuple[Severity, ...]
    meaning: str
    remedy: str
    evidence: tuple[str, ...] = ()


_ERROR = (Severity.ERROR,)
_WARNING = (Severity.WARNING,)
_INFO = (Severity.INFO,)
_ERROR_OR_WARNING = (Severity.ERROR, Severity.WARNING)
_WARNING_OR_INFO = (Severity.WARNING, Severity.INFO)

ISSUE_KINDS: Mapping[IssueCode, IssueKind] = {
    IssueCode.FILE_TOO_LARGE: IssueKind(
        _ERROR,
        "The file is over the limit of 10 MiB; it was not read.",
        "Make the file smaller, or leave it out of the workspace's patterns.",
    ),
    IssueCode.FILE_UNREADABLE: IssueKind(
        _ERROR,
        "The file is gone, or the system refuses to open it.",
        "Give the service's user the right to read it.",
    ),
    IssueCode.NOT_A_FILE: IssueKind(
        _ERROR,
        "A directory, device, pipe or submodule stands where a file should.",
        "Put a file there, or leave the directory out of the workspace's patterns.",
    ),
    IssueCode.LINK_OUTSIDE_WORKSPACE: IssueKind(
        _ERROR,
        "A symbolic link leads out of the workspace; it was not followed.",
        "Link to something in the workspace, or put a copy there.",
    ),
    IssueCode.LINK_LOOP: IssueKind(
        _ERROR,
        "Symbolic links lead to each other without end.",
        "Let one of them lead to a file or directory.",
    ),
    IssueCode.OBJECT_MISSING: IssueKind(
        _ERROR,
        "The clone lacks the file's content (a partial clone).",
        "Clone the repository anew without `--filter`.",
    ),
    IssueCode.DIRECTORY_UNREADABLE: IssueKind(
        _ERROR,
        "The system refuses to list a directory; what is below it is unknown.",
        "Give the service's user the right to read it.",
    ),
    IssueCode.PATH_NOT_UTF8: IssueKind(
        _WARNING,
        "A package's path is not UTF-8, so that no answer can name it; it is left out.",
        "Rename the directory.",
    ),
    IssueCode.NOT_UTF8: IssueKind(
        _WARNING,
        "The text is not UTF-8; undecodable bytes became U+FFFD.",
        "Save the file as UTF-8.",
    ),
    IssueCode.BYTE_ORDER_MARK: IssueKind(
        _WARNING,
        "The text starts with a byte order mark, which some tools refuse.",
        "Save the file as UTF-8 without one.",
    ),
    IssueCode.NOT_JSON: IssueKind(
        _ERROR, "The text is no JSON.", "Mend it at the place that the message names."
    ),
    IssueCode.NOT_YAML: IssueKind(
        _ERROR, "The text is no YAML.", "Mend it at the place that the message names."
    ),
    IssueCode.NESTED_TOO_DEEPLY: IssueKind(
        _ERROR,
        "Objects and lists are nested deeper than any tool reads.",
        "Make the document flatter.",
    ),
    IssueCode.NOT_AN_OBJECT: IssueKind(
        _ERROR,
        "The text is JSON or YAML, but not an object with keys.",
        "Write an object.",
    ),
    IssueCode.DUPLICATE_KEY: IssueKind(
        _WARNING,
        "An object has one key twice; the last one counts, as in every tool.",
        "Take one of them out.",
    ),
    IssueCode.NUMBER_OUT_OF_RANGE: IssueKind(
        _WARNING, "A number is beyond what JSON's readers can hold.", "Write a smaller number."
    ),
    IssueCode.TEXT_NOT_STORABLE: IssueKind(
        _WARNING,
        "A text holds NUL or half a surrogate pair; each became U+FFFD.",
        "Take these characters out.",
    ),
    IssueCode.NAME_MISSING: IssueKind(
        _INFO,
        "The manifest has no name; the directory's is used, as npm does.",
        "Give the package a `name`.",
    ),
    IssueCode.NAME_INVALID: IssueKind(
        _WARNING, "The name is none that npm takes.", "Rename the package."
    ),
    IssueCode.NAME_DUPLICATE: IssueKind(
        _ERROR,
        "Another manifest, earlier by path, has the same name: that one is the package.",
        "Rename one of them.",
    ),
    IssueCode.VERSION_MISSING: IssueKind(
        _INFO, "The manifest has no version.", "Give the package a `version`."
    ),
    IssueCode.VERSION_INVALID: IssueKind(
        _WARNING,
        "The version is no semantic version.",
        "Write one of the form `1.2.3`.",
    ),
    IssueCode.FIELD_INVALID: IssueKind(
        _ERROR_OR_WARNING,
        "A field has not the shape that its tool documents; what is wrong of it is left out.",
        "Write the field as the message says.",
    ),
    IssueCode.MANIFEST_UNSUPPORTED: IssueKind(
        _WARNING,
        "The directory's only manifest is a package.yaml or package.json5, which are not read.",
        "Write a `package.json`.",
    ),
    IssueCode.LICENSE_MISSING: IssueKind(
        _WARNING,
        "The package can be published, but its manifest names no license.",
        "Add `license`, or set `private` if it is not to be published.",
    ),
    IssueCode.REPOSITORY_MISSING: IssueKind(
        _INFO,
        "The package can be published, but its manifest does not say where its source is kept.",
        "Add `repository` with `url` and `directory`, or set `private`.",
    ),
    IssueCode.PACKAGES_MISSING: IssueKind(
        _WARNING,
        "The workspace holds no package at all.",
        "See that its patterns name directories with a `package.json`.",
    ),
    IssueCode.PATTERN_INVALID: IssueKind(
        _ERROR, "A workspace pattern cannot be used; it is left out.", "Mend the pattern."
    ),
    IssueCode.MEMBER_NOT_LISTED: IssueKind(
        _INFO,
        "A pattern matches the directory, but its tool leaves it out.",
        "Do as the message says, or exclude the directory.",
    ),
    IssueCode.DEPENDENCY_CYCLE: IssueKind(
        _WARNING_OR_INFO,
        "Packages depend on each other in a circle; info where development dependencies close it.",
        "Move what they share into a package of its own, or turn one dependency round.",
        ("cycle",),
    ),
    IssueCode.WORKSPACE_DEPENDENCY_MISSING: IssueKind(
        _ERROR,
        "A dependency says `workspace:`, but the workspace has no such package.",
        "Correct the name, or take the dependency out.",
        ("dependency", "type", "range"),
    ),
    IssueCode.LOCAL_DEPENDENCY_MISSING: IssueKind(
        _ERROR,
        "A dependency says `file:`, `link:` or `portal:`, or is a path, and nothing is there.",
        "Correct the path, or take the dependency out.",
        ("dependency", "type", "range", "path"),
    ),
    IssueCode.WORKSPACE_RANGE_UNMET: IssueKind(
        _WARNING,
        "A package of the workspace is not in the range that is asked for, so another one is used "
        "or the install fails.",
        "Widen the range, or write `workspace:*` where the tool has it.",
        ("dependency", "type", "range", "version"),
    ),
    IssueCode.DEPENDENCY_RANGES_DIFFER: IssueKind(
        _INFO,
        "Packages ask for different ranges of one external dependency (peers aside).",
        "Ask for the same range everywhere, by a catalog where the tool has one.",
        ("dependency", "ranges"),
    ),
    IssueCode.REPORT_INVALID: IssueKind(
        _WARNING,
        "A file that should be a report is none, or stops making sense; it counts for nothing.",
        "Have the tool write it anew, or change the report globs.",
    ),
    IssueCode.REPORTS_LEFT_OUT: IssueKind(
        _WARNING_OR_INFO,
        "There are more reports than are read, or reading them took too long: some are left out.",
        "Remove reports that are no longer needed, or narrow the report globs.",
    ),
    IssueCode.BUILD_FAILING: IssueKind(
        _ERROR,
        "The newest build on the default branch failed.",
        "See the build's own page for why.",
        ("runId", "commit", "branch", "url", "finishedAt"),
    ),
    IssueCode.COVERAGE_DROPPED: IssueKind(
        _WARNING,
        "Less is covered by tests than before the coverage last changed, by a point or more.",
        "Test what was added.",
        ("coverage", "before", "since"),
    ),
    IssueCode.VULNERABILITIES_KNOWN: IssueKind(
        _ERROR_OR_WARNING,
        "The newest audit found known vulnerabilities; error where one is critical or high.",
        "Upgrade what the audit names.",
        ("critical", "high", "moderate", "low", "info"),
    ),
    IssueCode.HISTORY_SHALLOW: IssueKind(
        _WARNING,
        "The clone holds only a part of the history: commits and versions before it are unknown.",
        "Run `git fetch --unshallow`.",
    ),
    IssueCode.HISTORY_INCOMPLETE: IssueKind(
        _ERROR_OR_WARNING,
        "The clone lacks objects of old commits: commits or versions are unknown.",
        "Clone the repository anew without `--filter`.",
    ),
    IssueCode.HISTORY_UNREADABLE: IssueKind(
        _ERROR,
        "Git stopped before it had told the whole history: what was known before stays.",
        "Check the repository with `git fsck`, or clone it anew.",
    ),
}
