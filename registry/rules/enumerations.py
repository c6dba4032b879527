"""The closed sets of words that the contract fixes.

Every member's value is the word that clients see, on REST and on GraphQL alike.
"""

from enum import StrEnum


class PackageKind(StrEnum):
    """What a workspace package is (contract, section 2: the documented `type`)."""

    APP = "app"
    LIB = "lib"
    TOOL = "tool"
    SERVICE = "service"


class PackageType(StrEnum):
    """What an author says a listing is (contract, section 3)."""

    AIRCRAFT = "aircraft"
    EXECUTABLE = "executable"
    SCENERY = "scenery"
    PLUGIN = "plugin"
    LIVERY = "livery"
    OTHER = "other"


class VersionStatus(StrEnum):
    """How far the processing of a publication has come (contract, section 3)."""

    PROCESSING = "processing"
    PROCESSED = "processed"
    REMOVED = "removed"
    FAILED_MACOSX = "failed_macosx"
    FAILED_NO_FILE_DIR = "failed_no_file_dir"
    FAILED_MANIFEST_EXISTS = "failed_manifest_exists"
    FAILED_INVALID_FILE_TYPES = "failed_invalid_file_types"
    FAILED_FILE_TOO_LARGE = "failed_file_too_large"
    FAILED_NOT_ENOUGH_SPACE = "failed_not_enough_space"
    FAILED_SERVER = "failed_server"
    ABORTED = "aborted"


class Platform(StrEnum):
    """The operating systems that a published version may support, as `GET /packages` names them."""

    MACOS = "macOS"
    WINDOWS = "windows"
    LINUX = "linux"


class DependencyKind(StrEnum):
    """The section of a manifest that names a dependency (contract, section 2)."""

    DEPENDENCY = "dependency"
    DEV_DEPENDENCY = "devDependency"
    PEER_DEPENDENCY = "peerDependency"
    OPTIONAL_DEPENDENCY = "optionalDependency"


class DependencyStatus(StrEnum):
    """What is to be said of a dependency from outside of the workspace, by an npm registry."""

    # The newest version would do.
    CURRENT = "current"
    # It would not.
    OUTDATED = "outdated"
    # Only deprecated versions would do.
    DEPRECATED = "deprecated"
    # No version at all would.
    UNSATISFIED = "unsatisfied"
    # The registry has no such package.
    NOT_FOUND = "not_found"


class BuildStatus(StrEnum):
    """Where a CI run stands."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


class JobStatus(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    # Another job of the same key was queued while it was to be tried again, and does its work.
    SUPERSEDED = "superseded"


class CheckStatus(StrEnum):
    """What a lint run or a security audit found."""

    PASS = "pass"  # noqa: S105 -- a verdict, not a secret
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"


class ReportKind(StrEnum):
    """What a report is about."""

    COVERAGE = "coverage"
    TESTS = "tests"
    LINT = "lint"
    AUDIT = "audit"


class ReportSource(StrEnum):
    """Where a report comes from."""

    WORKSPACE = "workspace"
    UPLOAD = "upload"


class AffectedReason(StrEnum):
    """Why a package is affected."""

    TOUCHED = "touched"
    DEPENDENCY = "dependency"


class Change(StrEnum):
    """What becomes of an installed package, or that it comes new."""

    INSTALL = "install"
    KEEP = "keep"
    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"


class Severity(StrEnum):
    """How much an issue matters."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
