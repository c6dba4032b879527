"""`/openapi.json` and `/docs`: what all routes take and give, for programs and for people.

The page is Swagger UI, from the files that the package `flask-swagger-ui` brings. No file's path is
ever made from an address, and nothing runs in the page but the scripts that it names (Content
Security Policy, https://www.w3.org/TR/CSP3/); it asks nobody but this server.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from flask import Blueprint, Response

from registry.errors import NotFound
from registry.web.conditional import stamp_content
from registry.web.json import dump_json

docs = Blueprint("docs", __name__)

_OURS = Path(__file__).parent / "docs_page"
_OWN = frozenset({"start.js", "page.css"})
_SWAGGER = frozenset({"swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"})
_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".png": "image/png"}
# Swagger UI's style sheet holds its icons.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@docs.get("/openapi.json")
def show_document() -> Response:
    """Give the OpenAPI document of all routes."""
    return stamp_content(Response(_document(), mimetype="application/json"))


@docs.get("/docs")
def show_page() -> Response:
    """Give the page that shows the document."""
    page = (_OURS / "index.html").read_bytes()
    response = stamp_content(Response(page, mimetype="text/html"))
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@docs.get("/docs/<name>")
def show_file(name: str) -> Response:
    """Give one of the page's files."""
    if name in _OWN:
        file = _OURS / name
    elif name in _SWAGGER:
        file = _swagger() / name
    else:
        raise NotFound("The page has no such file.")
    media_type = _MEDIA_TYPES[file.suffix]
    return stamp_content(Response(file.read_bytes(), mimetype=media_type))


@cache
def _document() -> bytes:
    # Made when it is first asked for: no other request needs what it is made of.
    from registry.rest.openapi.document import make_document  # noqa: PLC0415

    return dump_json(make_document())


@cache
def _swagger() -> Path:
    """Find the files of Swagger UI, without running the package that brings them."""
    spec = find_spec("flask_swagger_ui")
    if spec is None or not spec.submodule_search_locations:
        raise NotFound("The page's files are not installed.")
    return Path(spec.submodule_search_locations[0]) / "dist"
