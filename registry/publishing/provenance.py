"""The commit that an author says a version was built from."""

import re

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from registry.accounts.provenance import attach_stated_commits
from registry.errors import InvalidInput
from registry.models import Commit, Publication, Version

# SHA-1's and SHA-256's lengths. Abbreviations are for people: what is unique today need not be so
# tomorrow.
_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def read_commit_hash(value: object, field: str = "commit") -> str:
    """Read a commit's full hash into lower case.

    Raises:
        InvalidInput: `invalid_commit`: it is none.
    """
    text = value.strip().lower() if isinstance(value, str) else ""
    if not _HASH.fullmatch(text):
        raise InvalidInput.of(
            field, "must be a commit's full hash, of 40 or 64 hex digits", code="invalid_commit"
        )
    return text


def attach_commit(session: Session, version: Version, commit_hash: str) -> bool:
    """State the commit that a version was built from; tells whether the history has it.

    Where it does not, the statement is kept, and holds from the refresh that first sees the commit:
    one may publish before the registry has fetched.

    Args:
        session: the transaction that writes; the version and its publication are flushed.
        version: a published version.
        commit_hash: the full hash, as `read_commit_hash` gives it.
    """
    session.execute(
        update(Publication)
        .where(Publication.version_id == version.id)
        .values(commit_hash=commit_hash)
    )
    attach_stated_commits(session.connection(), version.id)
    session.refresh(version, ["commit_id"])
    return bool(session.scalar(select(exists().where(Commit.hash == commit_hash))))
