"""The explorer's page and its files over HTTP.

No file's path is ever made from an address: what is served is listed here. Nothing runs in the page
but the scripts that it names (Content Security Policy, https://www.w3.org/TR/CSP3/).
"""

from pathlib import Path

from flask import Blueprint, Response, render_template, request, url_for

from graphql_schema.explorer.assets import ASSETS, VENDOR, Asset, are_built_in
from registry.errors import NotFound
from registry.web.conditional import stamp_content

_HERE = Path(__file__).parent
_OWN_STYLE = "explorer.css"
_OWN_SCRIPT = "explorer.js"
_OWN = {_OWN_STYLE, _OWN_SCRIPT}
_VENDORED = {asset.name: asset for asset in ASSETS}
_FLAGSHIP = (_HERE / "flagship.graphql").read_text("utf-8")
# Their names hold their versions, so they never change.
_FOR_EVER = "public, max-age=31536000, immutable"
# The one inline style sheet, by its digest: GraphiQL's dialogs keep what is behind from scrolling.
_SCROLL_LOCK = "'sha256-Y/huXlwoYkVyQlxwSVcCi1RCDGDCSVBzDt0hYP9qlTc='"

explorer = Blueprint("explorer", __name__, template_folder=".")


def prefers_explorer() -> bool:
    """Tell whether the caller is a browser that a person looks at, by its `Accept`."""
    offers = ["application/graphql-response+json", "application/json", "text/html"]
    return request.accept_mimetypes.best_match(offers) == "text/html"


def show_explorer() -> Response:
    """Give the page, with GraphiQL from here, or from a CDN where its files were not built in."""
    built_in = are_built_in(VENDOR)
    page = render_template(
        "explorer.html",
        styles=[(_address(asset, built_in), asset) for asset in ASSETS if asset.is_style],
        scripts=[(_address(asset, built_in), asset) for asset in ASSETS if not asset.is_style],
        own_style=url_for("explorer.show_file", name=_OWN_STYLE),
        own_script=url_for("explorer.show_file", name=_OWN_SCRIPT),
        built_in=built_in,
        query=_FLAGSHIP,
    )
    response = stamp_content(Response(page, mimetype="text/html"))
    response.headers["Content-Security-Policy"] = _policy(built_in)
    response.headers["Referrer-Policy"] = "no-referrer"
    response.vary.add("Accept")
    return response


@explorer.get("/graphql/explorer/<path:name>")
def show_file(name: str) -> Response:
    """Give one of the page's files."""
    vendored = _VENDORED.get(name)
    if vendored is None and name not in _OWN:
        raise NotFound("The explorer has no such file.")
    file = vendored.file(VENDOR) if vendored else _HERE / name
    if not file.is_file():
        raise NotFound("The explorer's files were not built in.")
    mimetype = "text/css" if name.endswith(".css") else "text/javascript"
    response = stamp_content(Response(file.read_bytes(), mimetype=mimetype))
    if vendored:
        response.headers["Cache-Control"] = _FOR_EVER
    return response


def _address(asset: Asset, built_in: bool) -> str:
    return url_for("explorer.show_file", name=asset.name) if built_in else asset.cdn_url


def _policy(built_in: bool) -> str:
    scripts, styles = (
        " ".join(asset.cdn_url for asset in ASSETS if asset.is_style is is_style and not built_in)
        for is_style in (False, True)
    )
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' {scripts}".rstrip(),
            f"style-src 'self' {_SCROLL_LOCK} {styles}".rstrip(),
            # GraphiQL's style sheet holds its fonts.
            "font-src data:",
            "img-src data:",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )
