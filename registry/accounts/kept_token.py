"""The demo author's token: issued once and kept in a file, so that it can be shown again.

Other tokens are kept nowhere. This one opens nothing but the demo's own publications.
"""

import os
from pathlib import Path

from sqlalchemy.orm import Session

from registry.accounts.durations import parse_duration
from registry.accounts.tokens import authenticate, issue_token
from registry.models import Author
from registry.models.base import utc_now
from registry.rules.permissions import Permission

_FILE = "demo-token"
_PERMISSIONS = Permission.ViewPackages | Permission.ManageWorkspace
_LIFETIME = parse_duration("90d")


def find_token(session: Session, directory: Path) -> str | None:
    """Give the token kept in `directory`; None where there is none, or it works no more."""
    try:
        secret = (directory / _FILE).read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return secret if authenticate(session, secret, utc_now()) else None


def keep_token(session: Session, author: Author, directory: Path) -> str:
    """Find the token kept in `directory`, or issue one to the author and keep it there."""
    secret = find_token(session, directory)
    if secret is None:
        secret = issue_token(session, author, _PERMISSIONS, _LIFETIME).secret
        _write_private(directory / _FILE, f"{secret}\n")
    return secret


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whatever was there."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
