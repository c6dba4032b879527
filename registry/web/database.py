"""The request's database session: one per request, closed after it."""

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import Session

from registry.database import begin_read, engine_options, prepare_engine
from registry.models import Base
from registry.settings import Settings

db = SQLAlchemy(model_class=Base, disable_autonaming=True)


def init_database(app: Flask, settings: Settings) -> None:
    """Connect the app to its database; neither makes nor migrates it."""
    address = settings.database_address()
    app.config["SQLALCHEMY_DATABASE_URI"] = address
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(address)
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)


def read_session() -> Session:
    """Give the request's session, in a transaction that sees one state of the database."""
    session = db.session()
    begin_read(session)
    return session
