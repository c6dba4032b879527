"""What authors change of packages and versions: the three `PATCH` routes."""

from typing import Any

import pytest
from sqlalchemy import select

from registry.database import writing
from registry.models import Author, Listing
from registry.rules.permissions import Permission
from tests.accounts.samples import add_listing
from tests.listings.api import Api, refusal

DESCRIBE_ANY = Permission.UpdateDescriptionAnyPackage
DESCRIBE_SPECIFIC = Permission.UpdateDescriptionSpecificPackages
UPDATE_ANY = Permission.UpdateVersionDataAnyPackage
UPDATE_SPECIFIC = Permission.UpdateVersionDataSpecificPackages
VERSION = {"version": "4.2.1", "dependencies": [["xpkg/example.needed", "1-"]]}


@pytest.fixture
def api(api: Api) -> Api:
    """Add a package of Ada's with a version, and tokens of all kinds."""
    api.author("Grace")
    with writing(api.sessions) as session:
        ada = session.scalars(select(Author).where(Author.name == "Ada")).one()
        add_listing(session, ada, "example.package1", versions=[VERSION])
        add_listing(session, ada, "example.package2", versions=[VERSION])
    for kind, everywhere, specific in (
        ("describe", DESCRIBE_ANY, DESCRIBE_SPECIFIC),
        ("update", UPDATE_ANY, UPDATE_SPECIFIC),
    ):
        api.token(f"{kind} any", "Ada", everywhere)
        api.token(f"{kind} first", "Ada", specific, {specific: ["example.package1"]})
    return api


def describe(api: Api, by: str | None = "Ada", **fields: Any) -> Any:
    body = {"packageId": "example.package1", "newDescription": "All new and awesome!"}
    return api.call("PATCH", "/packages/description", by, json=body | fields)


def update(api: Api, what: str, by: str | None = "Ada", **fields: Any) -> Any:
    value: dict[str, Any] = {"incompatibilities": []}
    if what == "xpselection":
        value = {"xpSelection": "12"}
    body = {"packageId": "example.package1", "packageVersion": "4.2.1", **value}
    return api.call("PATCH", f"/packages/{what}", by, json=body | fields)


def version_of(api: Api, package: str = "example.package1") -> dict[str, Any]:
    shown = api.get(f"/account/packages/{package}/4.2.1", "Ada").get_json()["versionData"]
    assert isinstance(shown, dict)
    return shown


@pytest.mark.parametrize(
    "package", ["example.package1", "Example.Package1", "xpkg/example.package1"]
)
@pytest.mark.parametrize("by", ["Ada", "describe any", "describe first"])
def test_a_description_is_replaced(api: Api, package: str, by: str) -> None:
    changed = describe(api, by, packageId=package, newDescription="  All new and shiny!  ")

    assert (changed.status_code, changed.data) == (204, b"")
    shown = api.get("/account/packages/example.package1", "Ada").get_json()
    assert shown["description"] == "All new and shiny!"
    with api.sessions() as session:
        others = session.scalars(select(Listing.description).order_by(Listing.identifier)).all()
    assert others == ["All new and shiny!", ""]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"packageId": ""}, "invalid_or_empty_str"),
        ({"newDescription": 7}, "invalid_or_empty_str"),
        ({"packageId": "other/example.package1"}, "invalid_id_or_repo"),
        ({"packageId": "no"}, "invalid_id_or_repo"),
        ({"newDescription": "short"}, "bad_desc_len"),
    ],
)
def test_descriptions_that_are_refused(api: Api, fields: dict[str, Any], code: str) -> None:
    assert refusal(describe(api, **fields)) == (400, code)


def test_who_may_not_describe(api: Api) -> None:
    assert refusal(describe(api, None)) == (401, "unauthenticated")
    assert refusal(describe(api, "update any")) == (403, "insufficient_scope")
    limited = describe(api, "describe first", packageId="example.package2")
    assert refusal(limited) == (403, "insufficient_scope")
    # Another author's, and nobody's.
    assert refusal(describe(api, "Grace")) == (403, "not_your_package")
    missing = describe(api, "Grace", packageId="example.missing")
    assert refusal(missing) == (403, "not_your_package")
    assert missing.get_json()["detail"] == describe(api, "Grace").get_json()["detail"]


@pytest.mark.parametrize("by", ["Ada", "update any", "update first"])
@pytest.mark.parametrize("field", ["packageVersion", "version"])
def test_incompatibilities_are_replaced_and_simplified(api: Api, by: str, field: str) -> None:
    pairs = [
        ["Example.Other", "1.0.0a1-5.999.999"],
        ["far/example.other", "*"],
        ["xpkg/example.other", "4-6"],
    ]
    body = {"packageId": "example.package1", field: "4.2.1", "incompatibilities": pairs}

    changed = api.call("PATCH", "/packages/incompatibilities", by, json=body)

    assert changed.status_code == 204
    assert version_of(api)["incompatibilities"] == [
        ["xpkg/example.other", "1-6"],
        ["far/example.other", "*"],
    ]
    assert version_of(api, "example.package2")["incompatibilities"] == []


def test_the_xp_selection_is_replaced(api: Api) -> None:
    assert (
        update(api, "xpselection", "update first", xpSelection="11.6 - 12.4b4").status_code == 204
    )

    assert version_of(api)["xpSelection"] == "11.6-12.4b4"
    assert version_of(api, "example.package2")["xpSelection"] == "*"


@pytest.mark.parametrize(
    ("what", "fields", "code"),
    [
        *(
            (what, fields, code)
            for what in ("incompatibilities", "xpselection")
            for fields, code in (
                ({"packageId": None}, "invalid_or_empty_str"),
                ({"packageVersion": ""}, "invalid_or_empty_str"),
                ({"packageId": "other/example.package1"}, "invalid_id_or_repo"),
                ({"packageVersion": "1.2.3.4.5.6.7.8.9"}, "bad_version_len"),
                ({"packageVersion": "v1"}, "invalid_version"),
            )
        ),
        ("incompatibilities", {"incompatibilities": None}, "bad_inc_arr"),
        ("incompatibilities", {"incompatibilities": "[]"}, "bad_inc_arr"),
        ("incompatibilities", {"incompatibilities": [["a.package", "*"]] * 129}, "bad_inc_arr"),
        ("incompatibilities", {"incompatibilities": ["a.package"]}, "bad_inc_tuple"),
        ("incompatibilities", {"incompatibilities": [["a.package"]]}, "bad_inc_tuple"),
        ("incompatibilities", {"incompatibilities": [["a.package", 1]]}, "invalid_inc_tuple_types"),
        ("incompatibilities", {"incompatibilities": [["a/b/c", "*"]]}, "invalid_inc_tuple_id"),
        ("incompatibilities", {"incompatibilities": [["a.package", "2-1"]]}, "invalid_inc_sel"),
        (
            "incompatibilities",
            {"incompatibilities": [["Example.Package1", "*"]]},
            "dep_or_self_inc",
        ),
        ("incompatibilities", {"incompatibilities": [["example.needed", "3"]]}, "dep_or_self_inc"),
        ("xpselection", {"xpSelection": []}, "invalid_or_empty_str"),
        ("xpselection", {"xpSelection": "1," * 130}, "bad_sel_len"),
        ("xpselection", {"xpSelection": "latest"}, "invalid_selection"),
    ],
)
def test_version_data_that_is_refused(
    api: Api, what: str, fields: dict[str, Any], code: str
) -> None:
    before = version_of(api)

    assert refusal(update(api, what, **fields)) == (400, code)
    assert version_of(api) == before


@pytest.mark.parametrize("what", ["incompatibilities", "xpselection"])
def test_who_may_not_change_version_data(api: Api, what: str) -> None:
    assert refusal(update(api, what, None)) == (401, "unauthenticated")
    assert refusal(update(api, what, "describe any")) == (403, "insufficient_scope")
    limited = update(api, what, "update first", packageId="example.package2")
    assert refusal(limited) == (403, "insufficient_scope")
    assert refusal(update(api, what, "Grace")) == (403, "not_your_package")
    for missing in ({"packageId": "example.missing"}, {"packageVersion": "9"}):
        assert refusal(update(api, what, "Ada", **missing)) == (403, "not_your_package")
