"""Open writes are for people and programs of this machine, not for the web pages they visit.

A browser sends what any page asks it to, and reaches loopback. It also says for whom it asks:
`Origin` and `Sec-Fetch-Site`, which pages cannot set (Fetch standard, forbidden request headers).
Programs that are no browser send neither.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import request

from registry.web.errors import CrossSiteWrite
from registry.web.settings import current_settings


def refuse_cross_site() -> None:
    """Let the request pass unless a page of another site is behind it.

    A page of this very address may write; so may one of an origin that `CORS_ORIGINS` names
    (`*` names none).

    Raises:
        CrossSiteWrite: the request comes from a page of another site.
    """
    origin = request.headers.get("Origin")
    site = request.headers.get("Sec-Fetch-Site")
    if origin is None and site in {None, "none"}:
        return
    if origin != "*" and origin in current_settings().cors_origins:
        return
    own = f"{request.scheme}://{request.host}"
    # A name that its owner lets point to 127.0.0.1 is the same origin to the browser, and still
    # not this machine (DNS rebinding).
    if origin in {None, own} and site in {None, "none", "same-origin"} and _names_loopback(own):
        return
    raise CrossSiteWrite(
        "Open writes are not for pages of other sites: send a token, or name the origin in "
        "REGISTRY_CORS_ORIGINS."
    )


def _names_loopback(origin: str) -> bool:
    host = urlsplit(origin).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
