"""The account route as one would write it first: one query for the packages, and one for each.

Served like the product, on the database that DATABASE_URL names, for the author of that AUTHOR_ID.
"""

import os
from typing import Any

from flask import Flask, Response, jsonify
from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.database import make_engine
from registry.models import Commit, Listing, Publication, Version
from registry.rules.times import format_time


def create_app() -> Flask:
    """Make the application; `/nothing` is a 304."""
    engine = make_engine(os.environ["DATABASE_URL"])
    author_id = int(os.environ["AUTHOR_ID"])
    app = Flask(__name__, static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # Flask's default provider has it

    @app.get("/account")
    def list_packages() -> Response:
        with Session(engine) as session:
            listings = session.scalars(
                select(Listing).where(Listing.author_id == author_id).order_by(Listing.identifier)
            )
            shown = [_package(session, listing) for listing in listings.all()]
        return jsonify({"packages": shown, "data": shown})

    @app.get("/nothing")
    def nothing() -> Response:
        return Response(status=304)

    return app


def _package(session: Session, listing: Listing) -> dict[str, Any]:
    versions = session.execute(
        select(Version, Publication, Commit.hash)
        .join(Publication, Publication.version_id == Version.id)
        .outerjoin(Commit, Commit.id == Version.commit_id)
        .where(Version.package_id == listing.package_id)
        .order_by(Version.sort_key)
    )
    return {
        "packageId": listing.identifier,
        "packageName": listing.name,
        "description": listing.description,
        "packageType": listing.package_type,
        "versions": [_version(*row) for row in versions],
    }


def _version(version: Version, publication: Publication, commit: str | None) -> dict[str, Any]:
    return {
        "version": version.version,
        "isPublic": publication.is_public,
        "isStored": publication.is_stored,
        "installs": publication.installs,
        "status": publication.status,
        "dependencies": publication.dependencies,
        "incompatibilities": publication.incompatibilities,
        "size": publication.size,
        "installedSize": publication.installed_size,
        "xpSelection": publication.xp_selection,
        "uploadDate": format_time(publication.upload_date),
        "hash": publication.hash,
        "loc": publication.loc,
        "commit": commit or "",
    }
