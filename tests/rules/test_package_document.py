"""A package as the contract shows it."""

import json
from datetime import UTC, datetime, timedelta, timezone

from registry.rules.package_document import KEYS, write_package_document

MOMENT = datetime(2026, 1, 5, 10, 43, 14, 208_999, UTC)


def test_all_keys_in_their_order_and_what_is_unknown() -> None:
    shown = json.loads(write_package_document({"name": "one", "created_at": MOMENT}))

    assert list(shown) == list(KEYS)
    assert shown == {
        "name": "one",
        "version": "",
        "type": "lib",
        "createdAt": "2026-01-05T10:43:14.208Z",
        "lastUpdated": "",
        "dependencies": {},
        "maintainers": [],
        "path": "",
        "description": "",
        "license": "",
        "repository": {},
        "scripts": {},
        "devDependencies": {},
        "peerDependencies": {},
    }


def test_maps_keep_the_order_in_which_the_manifest_has_them() -> None:
    text = write_package_document({"scripts": {"b": "2", "a": '"\n\u2028é'}})

    assert '"scripts":{"b":"2","a":"\\"\\n\u2028é"}' in text


def test_times_are_in_utc() -> None:
    east = MOMENT.astimezone(timezone(timedelta(hours=5)))

    assert write_package_document({"created_at": east}) == write_package_document(
        {"created_at": MOMENT}
    )
