"""The settings of the app that serves the request."""

from flask import Flask, current_app

from registry.settings import Settings

_EXTENSION = "registry.settings"


def init_settings(app: Flask, settings: Settings) -> None:
    """Keep the settings where `current_settings` finds them."""
    app.extensions[_EXTENSION] = settings


def current_settings() -> Settings:
    """Give the settings that the app was made with."""
    settings: Settings = current_app.extensions[_EXTENSION]
    return settings
