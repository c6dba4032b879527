"""Spans as people write them."""

from datetime import timedelta

import pytest

from registry.accounts.durations import parse_duration
from registry.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("90d", timedelta(days=90)),
        ("12h", timedelta(hours=12)),
        ("30m", timedelta(minutes=30)),
        ("45s", timedelta(seconds=45)),
        ("2w", timedelta(days=14)),
        ("1y", timedelta(days=365)),
        (" 7d ", timedelta(days=7)),
        ("100y", timedelta(days=36500)),
    ],
)
def test_a_number_and_a_unit(text: str, span: timedelta) -> None:
    assert parse_duration(text) == span


@pytest.mark.parametrize(
    "text",
    ["", "90", "d", "-1d", "1.5d", "1 d", "90D", "90d90d", "0d", "101y", "999999y", "٩d", "1d\n2"],
)
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse_duration(text)

    assert refusal.value.errors[0].field == "duration"
