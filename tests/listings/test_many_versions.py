"""An account with ten thousand versions is read by as many statements as one with a single one."""

from sqlalchemy import insert, select

from registry.database import writing
from registry.models import Author, Package, Publication, Version
from registry.rules.versions import RegistryVersion
from registry.web.database import db, single_reads
from tests.accounts.samples import Statements, add_listing
from tests.listings.api import Api

MANY = 10_000


def publish_many(api: Api, number: int) -> None:
    """Add versions to the one package there is, with a statement for each table."""
    with writing(api.sessions) as session:
        package_id = session.scalars(select(Package.id)).one()
        texts = [f"{n // 1000 + 1}.{n % 1000}.1" for n in range(number)]
        session.execute(
            insert(Version),
            [
                {
                    "package_id": package_id,
                    "version": text,
                    "sort_key": RegistryVersion.parse(text).sort_key(),
                }
                for text in texts
            ],
        )
        published = select(Publication.version_id)
        new = session.scalars(select(Version.id).where(Version.id.not_in(published))).all()
        row = {"status": "processed", "is_public": True, "is_stored": True}
        session.execute(insert(Publication), [{"version_id": key, **row} for key in new])


def test_ten_thousand_versions_are_one_statement(api: Api) -> None:
    with writing(api.sessions) as session:
        ada = session.scalars(select(Author)).one()
        add_listing(session, ada, "example.package1", versions=[{"version": "1.0.0"}])
    # The token's first use is noted.
    api.get("/account/packages?first", "Ada")
    with api.app.app_context():
        statements = Statements(db.engine, single_reads())
    paths = ("/account/packages", "/account/packages/example.package1")
    counts = {}
    for number in (1, MANY):
        if number > 1:
            publish_many(api, number - 1)
        for path in paths:
            before = len(statements.data())
            found = api.get(path, "Ada").get_json()
            (package,) = found.get("packages", [found])
            assert len(package["versions"]) == number
            counts[path, number] = len(statements.data()) - before

    # The caller, and the data with their revision, together or one after the other; the second
    # time also whether the answer of before still stands.
    every, one = paths
    assert counts == {(every, 1): 2, (one, 1): 3, (every, MANY): 3, (one, MANY): 4}
