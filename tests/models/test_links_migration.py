"""Migration 0007 keeps tokens' limits and gives listings their home, on the way up and down."""

import pytest
from sqlalchemy import Engine, MetaData, select

from registry import schema

AT = "2023-08-24T21:15:44.117Z"
UPLOAD, DESCRIBE, VIEW = 1 << 4, 1 << 5, 1 << 9
TOKENS = [
    (1, UPLOAD | DESCRIBE, ["ada.one", "ada.two"]),
    (2, VIEW, []),
]


@pytest.fixture
def before(empty: Engine) -> Engine:
    """Lend a database as it was before links, with tokens and a listing."""
    schema.upgrade(empty, "0006")
    insert(empty, "author", id=1, author_id="A1", name="Ada", name_key="ada")
    for number, permissions, packages in TOKENS:
        secret = {"secret_hash": bytes([number]), "prefix": f"reg_{number}"}
        held = {"permissions": permissions, "packages": packages}
        insert(empty, "token", id=number, author_id=1, **secret, **held)
    insert(empty, "package", id=7, name="ada.one")
    insert(empty, "listing", package_id=7, author_id=1, identifier="ada.one", name_key="one")
    return empty


def insert(engine: Engine, table_name: str, **given: object) -> None:
    """Write a row whose other columns are blank."""
    metadata = MetaData()
    metadata.reflect(engine, only=[table_name])
    table = metadata.tables[table_name]
    blank = {"TEXT": "", "JSON": [], "BOOLEAN": True, "BIGINT": 0, "BLOB": b"", "BYTEA": b""}
    values = {
        column.name: blank.get(str(column.type).split()[0], AT)
        for column in table.columns
        if not column.nullable
    }
    with engine.begin() as connection:
        connection.execute(table.insert().values(values | given))


def column(engine: Engine, name: str, key: str) -> list[object]:
    metadata = MetaData()
    metadata.reflect(engine, only=[name])
    table = metadata.tables[name]
    with engine.connect() as connection:
        return list(connection.scalars(select(table.c[key]).order_by(*table.primary_key)))


def test_tokens_keep_what_they_are_limited_to(before: Engine) -> None:
    schema.upgrade(before, "0007")

    packages = ["ada.one", "ada.two"]
    assert column(before, "token", "packages") == [
        {"UploadVersionSpecificPackages": packages, "UpdateDescriptionSpecificPackages": packages},
        {},
    ]

    schema.downgrade(before, "0006")
    assert column(before, "token", "packages") == [packages, []]


def test_a_listing_is_at_home_where_it_was(before: Engine) -> None:
    schema.upgrade(before, "0007")

    assert column(before, "listing", "home_id") == [7]
    schema.downgrade(before, "0006")
    assert column(before, "listing", "package_id") == [7]
