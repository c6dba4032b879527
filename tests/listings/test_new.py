"""`POST /packages/new` as its document has it."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select

from registry.models import Listing, Package
from registry.rules.permissions import Permission
from registry.settings import Settings
from tests.listings.api import Api, refusal


def test_a_package_is_registered_and_has_no_versions(api: Api) -> None:
    created = api.new(" Example.Package3 ", packageName="  Example Package 3 ")

    assert created.status_code == 204
    assert created.data == b""
    assert api.get("/account/packages/example.package3", "Ada").get_json() == {
        "packageId": "example.package3",
        "packageName": "Example Package 3",
        "description": "Something for the cockpit.",
        "packageType": "other",
        "versions": [],
    }


def test_a_form_will_do_as_the_sample_has_it(api: Api) -> None:
    fields = {
        "packageId": "example.package3",
        "packageName": "Example Package 3",
        "packageType": "livery",
        "description": "Another cool example package!",
    }

    created = api.call(
        "POST", "/packages/new", "Ada", data=fields, content_type="multipart/form-data"
    )

    assert created.status_code == 204
    found = api.get("/account/packages/example.package3", "Ada").get_json()
    assert found["packageType"] == "livery"


@pytest.mark.parametrize("value", ["one\0two", ["twice", "given"]])
def test_a_form_is_held_to_the_same_rules(api: Api, value: Any) -> None:
    fields = {"packageId": "example.package3", "packageName": value}

    refused = api.call("POST", "/packages/new", "Ada", data=fields)

    assert refused.status_code == 400


def test_only_with_the_permission(api: Api) -> None:
    api.token("all others", "Ada", ~(Permission.CreatePackage | Permission.Admin), ALL_LIMITS)

    assert refusal(api.new("example.package3", "all others")) == (403, "insufficient_scope")
    nobody = api.call("POST", "/packages/new", json={})
    assert refusal(nobody) == (401, "unauthenticated")


ALL_LIMITS = {
    permission: ["example.package1"]
    for permission in Permission
    if "Specific" in str(permission.name)
}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"packageId": None}, "invalid_or_empty_str"),
        ({"packageId": 7}, "invalid_or_empty_str"),
        ({"packageId": "   "}, "invalid_or_empty_str"),
        ({"packageName": ""}, "invalid_or_empty_str"),
        ({"packageName": ["a"]}, "invalid_or_empty_str"),
        ({"packageType": None}, "invalid_or_empty_str"),
        ({"description": {}}, "invalid_or_empty_str"),
        ({"description": "Drives the terminal: \x1b[2J"}, "invalid_or_empty_str"),
        ({"description": "Drives it too: \x9b2J"}, "invalid_or_empty_str"),
        ({"packageId": "xpkg/example.package3"}, "full_id_or_invalid"),
        ({"packageId": "exam"}, "full_id_or_invalid"),
        ({"packageId": "example." + "x" * 25}, "full_id_or_invalid"),
        ({"packageId": "example..package"}, "full_id_or_invalid"),
        ({"packageId": "1example.package"}, "full_id_or_invalid"),
        ({"packageId": "example.packaŭe"}, "full_id_or_invalid"),
        ({"packageId": "../../etc/passwd"}, "full_id_or_invalid"),
        ({"packageName": "ab"}, "invalid_name"),
        ({"packageName": "x" * 33}, "invalid_name"),
        ({"packageName": "x" * 10_000}, "invalid_name"),
        ({"packageName": "back\u202ewards"}, "invalid_name"),
        ({"packageName": "un\u200bseen"}, "invalid_name"),
        ({"packageName": "two\nlines"}, "invalid_name"),
        ({"description": "too short"}, "bad_desc_len"),
        ({"description": " " * 20 + "short"}, "bad_desc_len"),
        ({"description": "x" * 8193}, "bad_desc_len"),
        ({"packageType": "Other"}, "invalid_pkg_type"),
        ({"packageType": "boat"}, "invalid_pkg_type"),
        ({"packageName": "A Sqwerl"}, "profane_name"),
        ({"packageName": "\uff33QWERL jets"}, "profane_name"),
        ({"description": "Made for a sqwerl, by one."}, "profane_desc"),
        ({"packageId": "xpkg.official"}, "id_in_use"),
        ({"packageId": "con.aircraft"}, "id_in_use"),
        ({"packageId": "lpt1.aircraft"}, "id_in_use"),
    ],
)
def test_what_is_refused(api: Api, fields: dict[str, Any], code: str) -> None:
    body = {
        "packageId": "example.package3",
        "packageName": "Example Package 3",
        "packageType": "other",
        "description": "Something for the cockpit.",
    }

    refused = api.call("POST", "/packages/new", "Ada", json=body | fields)

    assert refusal(refused) == (400, code)
    assert [error["field"] for error in refused.get_json()["errors"]] == list(fields)
    with api.sessions() as session:
        assert session.scalars(select(Listing)).all() == []
        assert session.scalars(select(Package)).all() == []


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Refuse a word, as an operator may."""
    return settings.model_copy(update={"refused_words": ("sqwerl",)})


@pytest.mark.parametrize(
    "fields",
    [
        {"packageName": "מסוק קל"},
        {"packageName": "طائرة شراعية"},
        {"packageName": "Sqwerls"},
        {"packageName": "x" * 32, "packageId": "x" * 32},
        {"description": "Two lines\n\tand a tab, " + "مرحبا" * 1600},
    ],
)
def test_what_is_welcome(api: Api, fields: dict[str, Any]) -> None:
    assert api.new(fields.pop("packageId", "example.package3"), **fields).status_code == 204


def test_a_null_character_is_refused(api: Api) -> None:
    assert refusal(api.new("example.package3", packageName="a\0b")) == (400, "invalid_json")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"packageId": "EXAMPLE.package1", "packageName": "Another"}, "id_in_use"),
        ({"packageName": "EXAMPLE package 1"}, "name_in_use"),
        ({"packageName": "\uff25xample Package 1"}, "name_in_use"),
    ],
)
def test_an_identifier_and_a_name_are_anyones_once(
    api: Api, fields: dict[str, Any], code: str
) -> None:
    api.author("Grace")
    api.new("example.package1", packageName="Example Package 1")

    for author in ("Ada", "Grace"):
        more = {"packageName": "Another", **fields}
        refused = api.new(more.pop("packageId", "example.other"), author, **more)
        assert refusal(refused) == (400, code)


@pytest.mark.parametrize("same", ["packageId", "packageName"])
def test_of_two_at_once_one_wins(api: Api, same: str) -> None:
    def create(number: int) -> tuple[int, str]:
        own = {"packageId": f"example.race{number}", "packageName": f"Racer {number}"}
        own |= {"packageId": "example.same"} if same == "packageId" else {"packageName": "Same"}
        body = {"packageType": "other", "description": "Runs against others.", **own}
        headers = {"Authorization": f"Bearer {api.secrets['Ada']}"}
        response = api.app.test_client().post("/packages/new", json=body, headers=headers)
        return (204, "") if response.status_code == 204 else refusal(response)

    with ThreadPoolExecutor(4) as threads:
        answers = sorted(threads.map(create, range(8)))

    code = "id_in_use" if same == "packageId" else "name_in_use"
    assert answers == [(204, ""), *[(400, code)] * 7]
    with api.sessions() as session:
        assert len(session.scalars(select(Package)).all()) == 1
