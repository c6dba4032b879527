"""How often a version was installed, hour by hour."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from registry.accounts.provenance import built_from
from registry.catalogue.columns import Columns
from registry.catalogue.visibility import analytics_are_visible
from registry.errors import InvalidInput, NotFound
from registry.models import Commit, InstallHour, Listing, Publication, Version
from registry.publishing.analytics import hour_of
from registry.rules.versions import RegistryVersion
from registry.rules.viewer import Viewer

# The documented bounds, in milliseconds since 1970: the beginning of 2023, and a minute later.
EARLIEST_AFTER, EARLIEST_BEFORE = 1_672_531_200_000, 1_672_531_260_000
LONGEST = timedelta(days=30)
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
# Until the year 4000 or so; no calendar of ours holds what is far beyond.
_MILLISECONDS = re.compile(r"[0-9]{1,14}")


@dataclass(frozen=True)
class Window:
    """Hours, from the first to the last, both included; each is told by its beginning."""

    first: datetime
    last: datetime


@dataclass(frozen=True)
class Installs:
    """A version's installs by the hour; an hour without any is left out."""

    hours: Sequence[Columns]
    # The full hash of the commit that the version was built from; empty: not known.
    commit_hash: str


def read_window(after: str | None, before: str | None, now: datetime) -> Window:
    """Read which hours are asked for.

    Args:
        after: from when on, in milliseconds since 1970; None: a day before now.
        before: until when, likewise; None: a day after the hour of `after`.
        now: the time.

    Raises:
        InvalidInput: `bad_after_date`, `bad_before_date`; `bad_date_combo`: it would end before it
            begins; `short_diff`: less than an hour; `long_diff`: more than 30 days.
    """
    first = now - _DAY
    if after is not None:
        first = _read_moment(after, "after", EARLIEST_AFTER)
    first = hour_of(first)
    last = first + _DAY
    if before is not None:
        last = hour_of(_read_moment(before, "before", EARLIEST_BEFORE))
    if first > last:
        raise InvalidInput.of("before", "is before `after`", code="bad_date_combo")
    if last - first < _HOUR:
        raise InvalidInput.of("before", "is in the same hour as `after`", code="short_diff")
    if last - first > LONGEST:
        raise InvalidInput.of("before", "is more than 30 days after `after`", code="long_diff")
    return Window(first, last)


def list_installs(
    session: Session, viewer: Viewer, identifier: str, version: RegistryVersion, window: Window
) -> Installs:
    """List how often a version was installed in each hour, the earliest first.

    Raises:
        NotFound: there is no such version, or its figures are not for this viewer; which of the two
            is not told.
    """
    found = session.execute(
        select(
            Publication.version_id,
            func.coalesce(
                select(Commit.hash).where(Commit.id == built_from(Publication)).scalar_subquery(),
                "",
            ).label("commit_hash"),
        )
        .select_from(Publication)
        .join(Version, Version.id == Publication.version_id)
        .join(Listing, Listing.package_id == Version.package_id)
        .where(
            Listing.identifier == identifier,
            Version.sort_key == version.sort_key(),
            analytics_are_visible(Publication, Listing, viewer),
        )
    ).first()
    if found is None:
        raise NotFound("There is no such version, or its figures are not public.")
    hours = session.execute(
        select(InstallHour.hour, InstallHour.installs)
        .where(
            InstallHour.version_id == found.version_id,
            InstallHour.hour.between(window.first, window.last),
        )
        .order_by(InstallHour.hour)
    ).all()
    return Installs(hours, found.commit_hash)


def _read_moment(text: str, field: str, earliest: int) -> datetime:
    text = text.strip()
    if not _MILLISECONDS.fullmatch(text) or int(text) < earliest:
        raise InvalidInput.of(
            field,
            f"must be a whole number of milliseconds since 1970, {earliest} or more",
            code=f"bad_{field}_date",
        )
    return datetime.fromtimestamp(int(text) / 1000, UTC)
