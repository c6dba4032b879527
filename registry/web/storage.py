"""The app's store of artifacts."""

from flask import Flask, current_app

from registry.settings import Settings
from registry.storage import Storage, open_storage

_EXTENSION = "registry.storage"


def init_storage(app: Flask, settings: Settings) -> None:
    """Open the store that the settings name, for `current_storage`.

    Raises:
        ValueError: they name none.
    """
    app.extensions[_EXTENSION] = open_storage(settings)


def current_storage() -> Storage:
    """Give the store of the app that serves the request."""
    storage: Storage = current_app.extensions[_EXTENSION]
    return storage
