"""The rows of dependencies against the manifests' sections that they were made from."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from sqlalchemy import select
from sqlalchemy.orm import aliased

from registry.database import reading
from registry.models import Dependency, Package
from registry.rules.enumerations import DependencyKind
from registry.verify.finding import FROM_GIT, Finding, Verification, gather

_SECTIONS: Mapping[DependencyKind, str] = {
    DependencyKind.DEPENDENCY: "dependencies",
    DependencyKind.DEV_DEPENDENCY: "dev_dependencies",
    DependencyKind.PEER_DEPENDENCY: "peer_dependencies",
    DependencyKind.OPTIONAL_DEPENDENCY: "optional_dependencies",
}
# Packages that are looked at together; below the oldest limit on parameters of SQLite.
_AT_ONCE = 200


def check_dependencies(view: Verification) -> Iterator[Finding]:
    """See that each line of each section is one row, and that targets are of the workspace."""
    yield from gather(
        _other_rows(view), "the dependencies differ from those of the manifest", FROM_GIT
    )
    yield from gather(
        _other_targets(view),
        "dependencies resolve to what is no package of the workspace",
        FROM_GIT,
    )


def _other_rows(view: Verification) -> Iterator[str]:
    columns = [getattr(Package, section) for section in _SECTIONS.values()]
    packages = select(Package.id, Package.name, *columns).where(Package.workspace_id.is_not(None))
    with reading(view.sessions) as session:
        for batch in session.execute(packages.execution_options(yield_per=_AT_ONCE)).partitions():
            known: dict[int, set[tuple[str, str, str]]] = defaultdict(set)
            rows = select(
                Dependency.package_id, Dependency.kind, Dependency.name, Dependency.range
            ).where(Dependency.package_id.in_([package.id for package in batch]))
            for row in session.execute(rows):
                known[row.package_id].add((row.kind, row.name, row.range))
            for package in batch:
                written = {
                    (kind.value, name, wanted)
                    for kind, section in _SECTIONS.items()
                    for name, wanted in getattr(package, section).items()
                }
                if written != known[package.id]:
                    yield package.name


def _other_targets(view: Verification) -> Iterator[str]:
    dependent, target = aliased(Package), aliased(Package)
    statement = (
        select(dependent.name, Dependency.name.label("target"))
        .join(Dependency, Dependency.package_id == dependent.id)
        .join(target, target.id == Dependency.target_id)
        .where(target.workspace_id.is_distinct_from(dependent.workspace_id))
    )
    with reading(view.sessions) as session:
        for row in session.execute(statement.execution_options(yield_per=1_000)):
            yield f"{row.name}: {row.target}"
