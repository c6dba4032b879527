"""Moments in the contract's one format: ISO 8601, UTC, milliseconds, `Z`."""

from datetime import UTC, datetime

# The years that both databases and ISO 8601's four digits can hold. Git holds any 64-bit number.
EARLIEST = datetime(1, 1, 2, tzinfo=UTC)
LATEST = datetime(9999, 12, 30, tzinfo=UTC)
_EARLIEST_SECONDS = int(EARLIEST.timestamp())
_LATEST_SECONDS = int(LATEST.timestamp())


def truncate_time(moment: datetime) -> datetime:
    """Cut an aware datetime to whole milliseconds, in UTC."""
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def format_time(moment: datetime) -> str:
    """Write an aware datetime as the contract shows it, e.g. `2020-12-05T10:43:14.208Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:23] + "Z"


def time_of_seconds(seconds: int) -> datetime:
    """Turn seconds since 1970 into a datetime; what no calendar holds becomes its nearest end."""
    return datetime.fromtimestamp(min(max(seconds, _EARLIEST_SECONDS), _LATEST_SECONDS), UTC)
