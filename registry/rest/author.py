"""`GET /account/data` and `POST /auth/issue`: an author's own affairs."""

from flask import Blueprint, Response

from registry.accounts.token_requests import issue_requested, read_token_request
from registry.database import writing
from registry.models import Author
from registry.models.base import utc_now
from registry.publishing.quota import quota_bytes, used_bytes
from registry.rules.permissions import Permission
from registry.web.authentication import require, require_author
from registry.web.body import json_object_body
from registry.web.conditional import conditional_read
from registry.web.database import app_sessions, read_session
from registry.web.json import json_response
from registry.web.settings import current_settings

# Apart, because each has its own limit.
account_data = Blueprint("account_data", __name__, url_prefix="/account/data")
token_issue = Blueprint("token_issue", __name__, url_prefix="/auth/issue")


@account_data.get("")
@conditional_read(requires=Permission.ReadAuthorData)
def show_account_data() -> Response:
    """Tell an author who they are here, and how much they store."""
    session, author_id = read_session(), require_author()
    author = session.get_one(Author, author_id)
    return json_response(
        {
            "id": author.author_id,
            "name": author.name,
            # Authors have no address here: the operator knows them.
            "email": "",
            # The document's schema has one of these, its sample the other.
            "isVerified": False,
            "verified": False,
            # To PostgreSQL, a sum of big integers is a decimal.
            "usedStorage": int(used_bytes(session, author_id)),
            "totalStorage": quota_bytes(session, author_id, current_settings()),
        }
    )


@token_issue.post("")
def issue_to_oneself() -> Response:
    """Issue a token to the caller; it is shown this once."""
    require(Permission.Admin)
    wanted = read_token_request(json_object_body(), current_settings().repository_name)
    with writing(app_sessions()) as session:
        secret = issue_requested(session, require_author(), wanted, utc_now()).secret
    response = json_response({"token": secret})
    response.headers["Cache-Control"] = "no-store"
    return response
