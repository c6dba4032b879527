"""Authors, tokens and listings as tests need them, the account document's own among them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from registry.accounts.authors import create_author
from registry.accounts.tokens import issue_token
from registry.models import Author, Listing, Package, Publication, Version
from registry.rules.permissions import Permission
from registry.rules.versions import RegistryVersion
from registry.statements.single_reads import SingleReads

FAILED: dict[str, Any] = {
    "version": "1.3.0",
    "status": "failed_server",
    "dependencies": [["example.package2", "1.2-"]],
    "incompatibilities": [
        ["xpkg/example.package3", "*"],
        ["xpkg/example.package4", "1.0.0a1-5.999.999"],
    ],
    "upload_date": datetime(2023, 7, 16, 5, 53, 38, 506000, UTC),
}
PROCESSED: dict[str, Any] = {
    "version": "1.4.3",
    "status": "processed",
    "dependencies": [["xpkg/example.package4", "*"]],
    "incompatibilities": [
        ["xpkg/example.package5", "*"],
        ["xpkg/example.package3", "41b3-222.3.0"],
        ["xpkg/example.package6", "27-30.999a41"],
    ],
    "size": 1249,
    "installed_size": 3428,
    "upload_date": datetime(2023, 8, 24, 21, 15, 44, 117000, UTC),
    "hash": "54ecb365c57979f886a126e5ed87d8c0865298e6ce30f0abcde96e66fcef6fdd",
    "loc": "https://cdn.example.org/3snWkGSFswC2NBmIgXLWGfsosnVujpj4yCxQH8wVlt7t",
}


def add_author(
    session: Session,
    name: str = "Arkin Solomon",
    permissions: Permission = Permission.ViewPackages,
    expires_in: timedelta | None = None,
) -> tuple[Author, str]:
    """Make an author with a token; give both the author and the token's secret."""
    author = create_author(session, name)
    return author, issue_token(session, author, permissions, expires_in).secret


def add_listing(
    session: Session,
    author: Author,
    identifier: str = "example.package1",
    versions: Sequence[Mapping[str, Any]] = (),
    **columns: Any,
) -> Package:
    """List a package for an author, with publications."""
    name = columns.pop("name", f"The {identifier}")
    package = columns.pop("package", None) or Package(name=identifier)
    session.add(package)
    session.flush()
    session.add(
        Listing(
            package_id=package.id,
            author_id=author.id,
            identifier=identifier,
            name=name,
            name_key=name.casefold(),
            package_type=columns.pop("package_type", "other"),
            description=columns.pop("description", ""),
        )
    )
    for version in versions:
        add_publication(session, package, **version)
    assert not columns
    return package


def add_publication(session: Session, package: Package, version: str, **columns: Any) -> None:
    """Publish a version of a package."""
    row = Version(
        package_id=package.id,
        version=version,
        sort_key=RegistryVersion.parse(version).sort_key(),
        date=columns.get("upload_date"),
    )
    session.add(row)
    session.flush()
    defaults = {"status": "processed", "is_public": True, "is_stored": True}
    session.add(Publication(version_id=row.id, **{**defaults, **columns}))


class Statements:
    """Records the SQL that an engine runs, and what runs by itself beside it."""

    def __init__(self, engine: Engine, alone: SingleReads | None = None) -> None:
        self.seen: list[str] = []
        event.listen(engine, "before_cursor_execute", self._record)
        if alone is not None:
            alone.observe = lambda statement, _seconds: self.seen.append(statement)

    def _record(self, _connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        self.seen.append(statement)

    def data(self) -> list[str]:
        """Give those that read or write rows, without those that begin and end transactions."""
        return [s for s in self.seen if s.split()[0].upper() in {"SELECT", "UPDATE", "INSERT"}]
