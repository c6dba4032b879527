"""Tokens are issued once, recognised by a hash, ended for good."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session, sessionmaker

from registry.accounts.authors import create_author, find_author
from registry.accounts.tokens import (
    USE_RECORDED_EVERY,
    Authentication,
    authenticate,
    authenticate_alone,
    issue_token,
    limit_all,
    list_tokens,
    record_use,
    revoke_token,
)
from registry.database import begin_write, writing
from registry.errors import InvalidInput, NotFound
from registry.models import Author, Revision, Token
from registry.models.base import utc_now
from registry.rules.permissions import Permission
from registry.rules.viewer import Viewer
from registry.statements.single_reads import SingleReads
from tests.accounts.samples import Statements, add_author

VIEW = Permission.ViewPackages


def recognise(
    sessions: sessionmaker[Session], secret: str, now: datetime | None = None
) -> Authentication | None:
    """Recognise a token in a transaction and alone, which is to come to the same."""
    now = now or utc_now()
    with sessions() as session:
        found = authenticate(session, secret, now)
        engine = session.get_bind()
    assert isinstance(engine, Engine)
    assert authenticate_alone(SingleReads(engine), secret, now) == found
    return found


def test_a_token_tells_its_author_and_what_it_allows(sessions: sessionmaker[Session]) -> None:
    with writing(sessions) as session:
        author, secret = add_author(session, permissions=VIEW | Permission.CreatePackage)
        add_author(session, "Somebody Else")
        viewer = Viewer(author.id, VIEW | Permission.CreatePackage)

    found = recognise(sessions, secret)

    assert found is not None
    assert found.viewer == viewer


def test_a_secret_is_recognisable_random_and_kept_nowhere(sessions: sessionmaker[Session]) -> None:
    with writing(sessions) as session:
        author = create_author(session, "Ada")
        issued = [issue_token(session, author, VIEW, None) for _ in range(10)]
        secrets = [each.secret for each in issued]

    assert len(set(secrets)) == 10
    # 43 characters of 6 bits hold 256 bits.
    assert all(re.fullmatch(r"reg_[A-Za-z0-9_-]{43}", secret) for secret in secrets)
    with sessions() as session:
        for token, secret in zip(session.scalars(select(Token)), secrets, strict=True):
            columns = repr({column: getattr(token, column) for column in Token.__table__.c.keys()})  # noqa: SIM118 -- no dict
            assert secret[:12] in columns
            assert secret[12:] not in columns


@pytest.mark.parametrize(
    "secret", ["", "x", "reg_", "reg_" + "A" * 43, "ÿ\x80", "\ud800", "a" * 99999]
)
def test_unknown_tokens(sessions: sessionmaker[Session], secret: str) -> None:
    with writing(sessions) as session:
        add_author(session)

    assert recognise(sessions, secret) is None


def test_a_token_ends_when_it_expires(sessions: sessionmaker[Session]) -> None:
    with writing(sessions) as session:
        author = create_author(session, "Ada")
        issued = issue_token(session, author, VIEW, timedelta(days=90))
        secret, expires = issued.secret, issued.token.expires_at
        assert expires == issued.token.created_at + timedelta(days=90)

    assert expires is not None
    assert recognise(sessions, secret, expires - timedelta(milliseconds=1)) is not None
    assert recognise(sessions, secret, expires) is None


def test_a_token_without_an_end(sessions: sessionmaker[Session]) -> None:
    with writing(sessions) as session:
        _, secret = add_author(session)

    assert recognise(sessions, secret, utc_now() + timedelta(days=36500)) is not None


@pytest.mark.parametrize("shown", ["prefix", "secret"])
def test_a_token_ends_when_it_is_revoked(sessions: sessionmaker[Session], shown: str) -> None:
    with writing(sessions) as session:
        author, secret = add_author(session)
        other = issue_token(session, author, VIEW, None).secret

    with writing(sessions) as session:
        first = revoke_token(session, secret[:12] if shown == "prefix" else secret).revoked_at
    with writing(sessions) as session:
        assert revoke_token(session, secret[:12]).revoked_at == first

    assert recognise(sessions, secret) is None
    assert recognise(sessions, other) is not None


def test_revoking_what_is_not_there_shows_no_secret(sessions: sessionmaker[Session]) -> None:
    slip = "reg_" + "B" * 42
    with sessions() as session, pytest.raises(NotFound) as refusal:
        revoke_token(session, slip)

    assert refusal.value.code == "token_not_found"
    assert "B" * 9 not in refusal.value.detail


def test_tokens_are_listed_without_their_secrets(sessions: sessionmaker[Session]) -> None:
    with writing(sessions) as session:
        ada, grace = create_author(session, "Ada"), create_author(session, "Grace")
        mine = issue_token(session, ada, VIEW | Permission.Admin, timedelta(hours=1)).secret
        hers = issue_token(
            session,
            grace,
            Permission.UploadVersionSpecificPackages,
            None,
            {Permission.UploadVersionSpecificPackages: ["Example.Two", "example.one"]},
        ).secret
        revoke_token(session, hers)

    with sessions() as session:
        tokens = list_tokens(session)
        assert [token.prefix for token in tokens] == [mine[:12], hers[:12]]
        assert [token.author_name for token in tokens] == ["Ada", "Grace"]
        assert tokens[0].permissions == VIEW | Permission.Admin
        assert tokens[0].expires_at == tokens[0].created_at + timedelta(hours=1)
        assert tokens[0].revoked_at is None
        assert tokens[0].last_used_at is None
        assert tokens[1].packages == ["example.one", "example.two"]
        assert tokens[1].revoked_at is not None
        assert [token.prefix for token in list_tokens(session, find_author(session, "Grace"))] == [
            hers[:12]
        ]
        assert mine not in repr(tokens)


def issue_limited(
    session: Session, author: Author, permissions: Permission, packages: list[str]
) -> None:
    issue_token(session, author, permissions, None, limit_all(permissions, packages))


@pytest.mark.parametrize(
    ("permissions", "packages", "field"),
    [
        (Permission(0), [], "permissions"),
        (VIEW, ["example.one"], "packages"),
        (Permission.UploadVersionSpecificPackages, [], "packages"),
        (Permission.ViewAnalyticsSpecificPackages, ["xpkg/example.one"], "packages"),
        (Permission.ViewAnalyticsSpecificPackages, ["x"], "packages"),
    ],
)
def test_tokens_that_make_no_sense(
    sessions: sessionmaker[Session], permissions: Permission, packages: list[str], field: str
) -> None:
    with sessions() as session:
        begin_write(session)
        author = create_author(session, "Ada")
        with pytest.raises(InvalidInput) as refusal:
            issue_limited(session, author, permissions, packages)

    assert [error.field for error in refusal.value.errors] == [field]


@pytest.mark.parametrize("kind", ["good", "unknown", "expired", "revoked"])
def test_every_token_costs_one_statement(
    sessions: sessionmaker[Session], engine: Engine, kind: str
) -> None:
    with writing(sessions) as session:
        _, secret = add_author(session, expires_in=timedelta(days=1))
        if kind == "revoked":
            revoke_token(session, secret)
    reads = SingleReads(engine)
    statements = Statements(engine, reads)
    now = utc_now() + timedelta(days=2 if kind == "expired" else 0)
    sent = "reg_unknown" if kind == "unknown" else secret

    found = authenticate_alone(reads, sent, now)

    assert (found is not None) == (kind == "good")
    assert len(statements.data()) == 1

    with sessions() as session:
        assert authenticate(session, sent, now) == found
    assert len(statements.data()) == 2


def last_use(sessions: sessionmaker[Session]) -> datetime | None:
    with sessions() as session:
        return session.scalars(select(Token.last_used_at)).one()


def test_the_last_use_is_noted_once_a_minute(
    sessions: sessionmaker[Session], engine: Engine
) -> None:
    with writing(sessions) as session:
        _, secret = add_author(session)
    with sessions() as session:
        revision = session.scalar(select(Revision.number))
    first = utc_now()

    def use(now: datetime) -> None:
        found = recognise(sessions, secret, now)
        assert found is not None
        record_use(engine, found, now)

    use(first)
    assert last_use(sessions) == first
    statements = Statements(engine)
    use(first + USE_RECORDED_EVERY - timedelta(milliseconds=1))
    assert len(statements.data()) == 1
    assert last_use(sessions) == first
    use(first + USE_RECORDED_EVERY)
    assert last_use(sessions) == first + USE_RECORDED_EVERY
    with sessions() as session:
        assert session.scalar(select(Revision.number)) == revision


@contextmanager
def holding_the_token(engine: Engine) -> Iterator[None]:
    """Write to the token in a transaction that has not ended."""
    with Session(engine) as other:
        begin_write(other)
        other.execute(text("UPDATE token SET prefix = prefix"))
        yield


def test_noting_the_use_waits_for_nobody(sessions: sessionmaker[Session], engine: Engine) -> None:
    with writing(sessions) as session:
        _, secret = add_author(session)
    found = recognise(sessions, secret)
    assert found is not None

    # Were it to wait, the test would stand still for half a minute, and then for ever.
    with holding_the_token(engine):
        record_use(engine, found, utc_now())

    assert last_use(sessions) is None
    # The connection that went without waiting waits again when it writes for somebody else.
    if engine.dialect.name == "sqlite":
        with ExitStack() as stack:
            pooled = [stack.enter_context(engine.connect()) for _ in range(3)]
            waits = {each.exec_driver_sql("PRAGMA busy_timeout").scalar() for each in pooled}
        assert waits == {30_000}


def test_noting_the_use_never_fails(sessions: sessionmaker[Session], engine: Engine) -> None:
    with writing(sessions) as session:
        _, secret = add_author(session)
    found = recognise(sessions, secret)
    assert found is not None
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE token RENAME TO gone"))

    record_use(engine, found, utc_now())


def test_each_permission_is_limited_to_its_own_packages(sessions: sessionmaker[Session]) -> None:
    upload = (Permission.UploadVersionAnyPackage, Permission.UploadVersionSpecificPackages)
    describe = (
        Permission.UpdateDescriptionAnyPackage,
        Permission.UpdateDescriptionSpecificPackages,
    )
    with writing(sessions) as session:
        limits = {upload[1]: ["example.one"], describe[1]: ["example.two"]}
        author = create_author(session, "Ada")
        secret = issue_token(session, author, upload[1] | describe[1], None, limits).secret

    with sessions() as session:
        found = authenticate(session, secret, utc_now())
    assert found is not None
    assert found.viewer.may_with("example.one", *upload)
    assert found.viewer.may_with("example.two", *describe)
    assert not found.viewer.may_with("example.two", *upload)
    assert not found.viewer.may_with("example.one", *describe)


def test_a_permission_without_its_packages_is_refused(sessions: sessionmaker[Session]) -> None:
    limited = (
        Permission.UploadVersionSpecificPackages | Permission.UpdateDescriptionSpecificPackages
    )
    with sessions() as session:
        begin_write(session)
        author = create_author(session, "Ada")
        limits = {Permission.UploadVersionSpecificPackages: ["example.one"]}
        with pytest.raises(InvalidInput):
            issue_token(session, author, limited, None, limits)
