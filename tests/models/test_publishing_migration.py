"""Migration 0005 keeps what was published before it, and tokens, on the way up and down."""

import pytest
from sqlalchemy import Engine, MetaData, text

from registry import schema

AT = "2023-08-24T21:15:44.117Z"
ROWS = [
    ("author", {"id": 1, "author_id": "A1", "name": "Ada", "name_key": "ada"}),
    ("token", {"id": 1, "author_id": 1, "secret_hash": b"x", "prefix": "reg_x", "packages": []}),
    ("package", {"id": 1, "name": "one", "created_at": AT, "last_updated": AT}),
    *(
        row
        for number, public in ((1, True), (2, False))
        for row in (
            ("version", {"id": number, "package_id": 1, "version": f"{number}.0.0"}),
            ("publication", {"version_id": number, "is_public": public, "installs": 7}),
        )
    ),
]


@pytest.fixture
def before(empty: Engine) -> Engine:
    """Lend a database as it was before publishing, with one publication of each access."""
    schema.upgrade(empty, "0004")
    metadata = MetaData()
    metadata.reflect(empty)
    blank = {"TEXT": "", "JSON": [], "BOOLEAN": True, "BIGINT": 0, "BLOB": b"", "BYTEA": b""}
    with empty.begin() as connection:
        for name, given in ROWS:
            table = metadata.tables[name]
            values = {
                column.name: blank.get(str(column.type).split()[0], AT)
                for column in table.columns
                if not column.nullable
            }
            connection.execute(table.insert().values(values | given))
    return empty


def test_publications_get_what_they_are(before: Engine) -> None:
    schema.upgrade(before, "0005")

    with before.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT version_id, is_private, supports_linux, upload_hash, upload_size,"
                " failure_reason, installs FROM publication ORDER BY version_id"
            )
        ).all()
    assert [tuple(row) for row in rows] == [(1, 0, 1, "", 0, "", 7), (2, 1, 1, "", 0, "", 7)]


def test_the_way_back_keeps_publications_and_tokens(before: Engine) -> None:
    schema.upgrade(before, "0005")
    schema.downgrade(before, "0004")

    with before.connect() as connection:
        tokens = connection.execute(text("SELECT count(*) FROM token")).scalar()
        installs = connection.execute(text("SELECT sum(installs) FROM publication")).scalar()
    assert (tokens, installs) == (1, 14)
