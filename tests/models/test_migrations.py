"""The migrations make exactly the models, on both databases, and can be taken back."""

import warnings

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, select
from sqlalchemy.orm import Session

from registry import schema
from registry.models import Author, Package, Revision, Workspace
from registry.models.partial_indexes import whole_metadata


def differences(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"compare_type": True, "compare_server_default": True, "render_as_batch": True},
        )
        return list(compare_metadata(context, whole_metadata()))


def test_migrations_give_exactly_the_models(empty: Engine) -> None:
    schema.upgrade(empty)

    assert differences(empty) == []
    assert schema.current_revision(empty) == schema.head_revision()


def test_a_difference_would_be_seen(empty: Engine) -> None:
    schema.upgrade(empty)
    with empty.begin() as connection:
        connection.exec_driver_sql("DROP TABLE issue")

    assert differences(empty) != []


def test_up_down_and_up_with_data(empty: Engine) -> None:
    schema.upgrade(empty)
    with Session(empty) as session:
        workspace = Workspace(path="/srv/monorepo")
        session.add(workspace)
        session.add(Author(author_id="A1", name="Ada", name_key="ada"))
        session.flush()
        session.add(Package(workspace_id=workspace.id, name="one", path="packages/one"))
        session.commit()

    schema.downgrade(empty, "base")
    assert inspect(empty).get_table_names() == ["alembic_version"]

    schema.upgrade(empty)
    assert differences(empty) == []
    with Session(empty) as session:
        assert session.scalar(select(Revision.number)) == 0


def test_upgrading_twice_changes_nothing(empty: Engine) -> None:
    schema.upgrade(empty)
    with warnings.catch_warnings():
        schema.upgrade(empty)

    with Session(empty) as session:
        assert len(session.scalars(select(Revision)).all()) == 1
