"""What the migration to moves makes of a catalogue that knew none."""

import json
from datetime import UTC, datetime

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from registry import schema
from registry.models import Package, Workspace


def test_packages_get_their_documents_and_history_is_read_again(engine: Engine) -> None:
    with Session(engine) as session:
        workspace = Workspace(path="/srv/monorepo", head="a" * 40)
        session.add(workspace)
        session.flush()
        session.add(
            Package(
                workspace_id=workspace.id,
                name="@acme/é",
                path="packages/one",
                version="1.2.0",
                scripts={"b": "2", "a": "1"},
                maintainers=["Ada <ada@example.org>"],
                created_at=datetime(2026, 1, 5, 10, 43, 14, 208_000, UTC),
            )
        )
        session.add(Package(name="listed.only"))
        session.commit()
        before = session.scalars(select(Package.document).order_by(Package.name)).all()
        session.execute(update(Package).values(document=""))
        session.commit()

    schema.downgrade(engine, "0005")
    schema.upgrade(engine)

    with Session(engine) as session:
        after = session.scalars(select(Package.document).order_by(Package.name)).all()
        assert [json.loads(text) for text in after] == [json.loads(text) for text in before]
        assert [list(json.loads(text)) for text in after] == [
            list(json.loads(text)) for text in before
        ]
        # No digest is like it, so the next refresh starts over.
        assert session.scalars(select(Workspace.shallow_digest)).one() == "without moves"
