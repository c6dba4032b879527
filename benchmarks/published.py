"""Makes an author with packages and versions, the same for the same seed."""

import random
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, insert, select
from sqlalchemy.orm import Session

from registry.accounts.authors import create_author
from registry.accounts.tokens import issue_token
from registry.database import writing
from registry.models import Listing, Package, Publication, Version
from registry.rules.enumerations import PackageType, VersionStatus
from registry.rules.permissions import Permission
from registry.rules.versions import RegistryVersion

_START = datetime(2024, 1, 1, tzinfo=UTC)


def publish(engine: Engine, *, packages: int, versions: int, seed: int) -> str:
    """Make an author with so many packages of so many versions each; gives a token of theirs."""
    chance = random.Random(seed)  # noqa: S311 -- repeatable, no secret
    with writing(lambda: Session(engine)) as session:
        author = create_author(session, "Ada Lovelace")
        session.flush()
        names = [f"bench.package_{number:05}" for number in range(packages)]
        session.execute(insert(Package), [{"name": name} for name in names])
        keys = dict(
            session.execute(select(Package.name, Package.id).where(Package.name.in_(names))).all()
        )
        session.execute(
            insert(Listing),
            [
                {
                    "package_id": keys[name],
                    "author_id": author.id,
                    "identifier": name,
                    "name": name.replace("_", " "),
                    "name_key": name.replace("_", " "),
                    "package_type": chance.choice(list(PackageType)),
                    "description": f"The package {name}, made for measurements",
                }
                for name in names
            ],
        )
        for name in names:
            _publish_versions(session, keys[name], versions, chance)
        return issue_token(session, author, Permission.ViewPackages, None).secret


def _publish_versions(session: Session, package_id: int, count: int, chance: random.Random) -> None:
    rows = []
    for number in range(count):
        version = RegistryVersion.parse(f"1.{number // 10}.{number % 10}")
        moment = _START + timedelta(hours=number)
        rows.append(
            {
                "package_id": package_id,
                "version": str(version),
                "sort_key": version.sort_key(),
                "date": moment,
            }
        )
    session.execute(insert(Version), rows)
    of_package = select(Version.id).where(Version.package_id == package_id)
    session.execute(
        insert(Publication),
        [
            {
                "version_id": key,
                "status": VersionStatus.PROCESSED,
                "is_public": True,
                "is_stored": True,
                "installs": chance.randrange(1_000_000),
                "size": chance.randrange(1_000_000_000),
                "installed_size": chance.randrange(2_000_000_000),
                "hash": f"{chance.getrandbits(256):064x}",
                "loc": f"https://cdn.example.com/{key}",
                "dependencies": [["acme.other", "1.2-"]],
                "incompatibilities": [["acme.old", "*"]],
                "upload_date": _START + timedelta(hours=position),
            }
            for position, key in enumerate(session.scalars(of_package.order_by(Version.id)))
        ],
    )
