"""What every answer tells browsers, whatever page made them ask.

An answer holds texts that anyone may have written. A browser that took one for a page of its own
would run what is in it, so none may be taken for anything but what it is said to be (the Fetch
standard's `nosniff`), nor be shown within a page of another site (CSP, `frame-ancestors`). Pages
and pictures of ours have policies of their own, which say more.
"""

from flask import Flask, Response

_POLICY = "default-src 'none'; frame-ancestors 'none'"


def init_browsers(app: Flask) -> None:
    """Let every answer say what browsers may make of it."""
    app.after_request(_tell)


def _tell(response: Response) -> Response:
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.setdefault("Content-Security-Policy", _POLICY)
    return response
