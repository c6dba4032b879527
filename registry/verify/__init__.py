"""Holds the database against itself, against git and against the store; changes nothing.

Each check reads one state of the database, a row at a time, so neither its memory nor a lock grows
with what there is. What may rightly change while it looks (files come and go, jobs begin) is looked
at again before it is called wrong.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import Engine

from registry.rules.enumerations import Severity
from registry.settings import Settings
from registry.verify.builds import check_builds
from registry.verify.database import check_integrity, check_references
from registry.verify.dependencies import check_dependencies
from registry.verify.files import check_files
from registry.verify.finding import Finding, Verification
from registry.verify.health import check_health
from registry.verify.history import check_history
from registry.verify.jobs import check_jobs
from registry.verify.links import check_links
from registry.verify.manifests import check_manifests
from registry.verify.packages import check_packages
from registry.verify.publications import check_publications
from registry.verify.revision import check_revision, read_revision
from registry.verify.versions import check_versions

__all__ = ["CHECKS", "Finding", "Result", "Verification", "verify"]

Check = Callable[[Verification], Iterator[Finding]]
# Told which check is at work, how much of it is done, and of how much.
ProgressListener = Callable[[str, int, int | None], None]

# By name, with what is so where nothing is found.
CHECKS: dict[str, tuple[Check, str]] = {
    "integrity": (check_integrity, "the database's own structure is sound"),
    "references": (check_references, "every row that another one names is there"),
    "packages": (check_packages, "what is kept of packages is what their rows say"),
    "dependencies": (check_dependencies, "dependencies are those of the manifests"),
    "links": (check_links, "commits are linked with their own dates, and once"),
    "versions": (check_versions, "every version is known from somewhere, and sorts as it should"),
    "history": (check_history, "commits, versions and tags are those that git tells"),
    "manifests": (check_manifests, "packages are what their manifests say"),
    "health": (check_health, "scores follow from the newest evidence"),
    "builds": (check_builds, "sums of builds are what the builds add up to"),
    "publications": (check_publications, "every published version is in one state"),
    "files": (check_files, "every artifact is in the store, whole"),
    "jobs": (check_jobs, "every job that runs has a worker"),
}


@dataclass(frozen=True)
class Result:
    """What a check came to."""

    check: str
    # What is so where nothing was found.
    promise: str
    findings: tuple[Finding, ...]

    @property
    def is_wrong(self) -> bool:
        """Whether something is wrong, and not only worth knowing."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)


def verify(
    engine: Engine,
    settings: Settings,
    *,
    every: bool = False,
    only: Collection[str] = (),
    progress: ProgressListener = lambda _check, _done, _total: None,
) -> Iterator[Result]:
    """Make the checks, one after the other; the database must have this release's schema.

    Args:
        engine: of the database.
        settings: where the artifacts are.
        every: whether each package is compared with git, and not a sample of them.
        only: the names of the checks to make; none: all.
        progress: told how far it is.
    """
    before = read_revision(engine)
    for name, (check, promise) in CHECKS.items():
        if only and name not in only:
            continue

        def tell(done: int, total: int | None, name: str = name) -> None:
            progress(name, done, total)

        tell(0, None)
        view = Verification(engine, settings, every, tell)
        yield Result(name, promise, tuple(check(view)))
    findings = tuple(check_revision(before, read_revision(engine)))
    yield Result("revision", "the revision goes up, and its clock with it", findings)
