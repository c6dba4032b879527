"""What a refresh tells: how far it is, and what it did."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from registry.models import Scan

Phase = Literal["waiting", "packages", "history", "versions", "reports", "writing"]


@dataclass(frozen=True)
class Progress:
    """How far a phase has come; `total` is None where it is not known beforehand."""

    phase: Phase
    done: int = 0
    total: int | None = None


ProgressListener = Callable[[Progress], None]


def silent(_progress: Progress) -> None:
    """Listen to progress and say nothing."""


@dataclass
class ScanReport:
    """What one refresh found and changed; `durations` are milliseconds by phase."""

    workspace: str
    head: str = ""
    branch: str = ""
    changed: bool = False
    # Whether another refresh did the work while this one waited for it.
    shared: bool = False
    packages: int = 0
    packages_changed: int = 0
    commits_added: int = 0
    commits_removed: int = 0
    versions_added: int = 0
    issues: int = 0
    durations: dict[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Give the report as plain JSON values."""
        return asdict(self)

    @classmethod
    def of_scan(cls, scan: Scan, *, workspace: str, branch: str) -> "ScanReport":
        """Tell of a scan that another caller made."""
        return cls(
            workspace=workspace,
            head=scan.head_after,
            branch=branch,
            changed=scan.changed,
            shared=True,
            packages=scan.packages,
            packages_changed=scan.packages_changed,
            commits_added=scan.commits_added,
            commits_removed=scan.commits_removed,
            versions_added=scan.versions_added,
            issues=scan.issues,
            durations=scan.durations,
        )
