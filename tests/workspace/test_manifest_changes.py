from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import InvalidInput
from registry.workspace.manifest_edit import validate_changes


def wrong_fields(config: Any) -> list[str]:
    with pytest.raises(InvalidInput) as refused:
        validate_changes(config)
    assert refused.value.detail
    assert all(error.message for error in refused.value.errors)
    return [error.field for error in refused.value.errors]


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"version": "1.2.3"},
        {"version": "1.2.3-beta.1+5"},
        {"description": "", "license": "MIT"},
        {"repository": "github:user/repo"},
        {"repository": {"type": "git", "url": "https://example.org", "directory": "x"}},
        {"repository": {}},
        {"scripts": {"build": "x", "a" * 300: "y"}},
        {"dependencies": {"@org/a": "workspace:*"}, "devDependencies": {}, "peerDependencies": {}},
    ],
)
def test_takes_what_may_be_changed(config: dict[str, Any]) -> None:
    assert validate_changes(config) == config
    assert list(validate_changes(config)) == list(config)


@pytest.mark.parametrize(
    ("config", "fields"),
    [
        ({"name": "other"}, ["config.name"]),
        ({"main": "x", "private": True}, ["config.main", "config.private"]),
        ({"": "x"}, ["config."]),
        ({"version": "1.2"}, ["config.version"]),
        ({"version": "v1.2.3"}, ["config.version"]),
        ({"version": 1}, ["config.version"]),
        ({"version": ""}, ["config.version"]),
        ({"version": None}, ["config.version"]),
        ({"version": "1.0.0-" + "a" * 300}, ["config.version"]),
        ({"description": 5}, ["config.description"]),
        ({"description": None}, ["config.description"]),
        ({"description": "a\0b"}, ["config.description"]),
        ({"description": "\ud800"}, ["config.description"]),
        ({"license": ["MIT"]}, ["config.license"]),
        ({"repository": 5}, ["config.repository"]),
        ({"repository": {"url": 5}}, ["config.repository.url"]),
        ({"repository": {"web": "x"}}, ["config.repository.web"]),
        ({"scripts": ["x"]}, ["config.scripts"]),
        ({"scripts": {"a": 1, "b": "x", "c": None}}, ["config.scripts.a", "config.scripts.c"]),
        ({"dependencies": {"vue": 3}}, ["config.dependencies.vue"]),
        ({"dependencies": "vue"}, ["config.dependencies"]),
        ({"dependencies": {"": "1"}}, ["config.dependencies."]),
        ({"devDependencies": {"a\0": "1"}}, ["config.devDependencies.a\ufffd"]),
        ({"peerDependencies": {"vue": ["3"]}}, ["config.peerDependencies.vue"]),
        ({"optionalDependencies": {}}, ["config.optionalDependencies"]),
        (
            {"name": "x", "version": "x", "dependencies": {"a": 1}},
            ["config.name", "config.version", "config.dependencies.a"],
        ),
        ([], ["config"]),
        ("{}", ["config"]),
        (None, ["config"]),
    ],
)
def test_names_every_field_that_is_wrong(config: object, fields: list[str]) -> None:
    assert wrong_fields(config) == fields


def test_a_name_is_no_longer_than_npm_takes() -> None:
    assert validate_changes({"dependencies": {"a" * 214: "1"}})
    [field] = wrong_fields({"dependencies": {"a" * 215: "1"}})
    assert field.startswith("config.dependencies.aaa")
    assert len(field) <= 200


def test_an_error_is_of_a_size_that_people_read() -> None:
    with pytest.raises(InvalidInput) as refused:
        validate_changes({"x" * 1_000_000: 1, **{f"key{number}": 1 for number in range(10_000)}})

    assert len(refused.value.errors) == 100
    assert len(refused.value.detail) < 1000
    assert "and 9998 more" in refused.value.detail


def test_a_rename_is_told_as_such() -> None:
    with pytest.raises(InvalidInput) as refused:
        validate_changes({"name": "other"})
    assert "renamed" in refused.value.errors[0].message


@given(st.dictionaries(st.text(), st.none() | st.text() | st.dictionaries(st.text(), st.text())))
def test_whatever_is_sent_is_taken_or_refused(config: dict[str, Any]) -> None:
    try:
        assert validate_changes(config) == config
    except InvalidInput as refused:
        assert refused.errors  # noqa: PT017 -- either is fine
