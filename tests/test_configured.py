"""Settings are read from the environment as their types, or refused with the reason."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from registry.configured import Configured, InvalidSettings, Secret, setting


def no_spaces(text: str) -> str:
    if " " in text:
        raise ValueError("it must have no spaces")
    return text.lower()


class Example(Configured):
    """One setting of each type."""

    prefix = "EXAMPLE_"

    name: str = setting(default="ada", description="A name.", check=no_spaces)
    kind: str = setting(default="a", description="A kind.", pattern="a|b")
    number: int = setting(default=3, description="A number.", ge=1, le=9)
    wanted: bool = setting(default=False, description="Whether it is.")
    directory: Path = setting(default=Path("here"), description="A directory.")
    file: Path | None = setting(default=None, description="A file.")
    secret: Secret | None = setting(default=None, description="A secret.")
    words: tuple[str, ...] = setting(default=(), description="Words.")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("name", "Grace", "grace"),
        ("name", "", ""),
        ("kind", "b", "b"),
        ("number", "9", 9),
        ("number", " 1 ", 1),
        ("wanted", "true", True),
        ("wanted", "YES", True),
        ("wanted", "on", True),
        ("wanted", "0", False),
        ("wanted", "Off", False),
        ("directory", "a/b", Path("a/b")),
        ("file", "a", Path("a")),
        ("file", "", None),
        ("secret", "", None),
        ("words", "", ()),
        ("words", "one, two words ,,three", ("one", "two words", "three")),
    ],
)
def test_a_variable_is_read_as_its_type(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, value: object
) -> None:
    monkeypatch.setenv(f"EXAMPLE_{name.upper()}", text)

    assert getattr(Example(), name) == value


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"number": "0"}, {"number": "it must be at least 1"}),
        ({"number": "10"}, {"number": "it must be at most 9"}),
        ({"number": "nine"}, {"number": "it must be a whole number"}),
        ({"number": "1.5"}, {"number": "it must be a whole number"}),
        ({"number": ""}, {"number": "it must be a whole number"}),
        ({"wanted": "perhaps"}, {"wanted": "it must be true or false"}),
        ({"wanted": ""}, {"wanted": "it must be true or false"}),
        ({"kind": "abc"}, {"kind": "it must match a|b"}),
        ({"kind": "b\n"}, {"kind": "it must match a|b"}),
        (
            {"name": "a b", "kind": "c"},
            {"name": "it must have no spaces", "kind": "it must match a|b"},
        ),
    ],
)
def test_all_that_is_wrong_is_said_at_once(
    monkeypatch: pytest.MonkeyPatch, given: Mapping[str, str], wrong: Mapping[str, str]
) -> None:
    for name, text in given.items():
        monkeypatch.setenv(f"EXAMPLE_{name.upper()}", text)

    with pytest.raises(InvalidSettings) as refused:
        Example()

    assert refused.value.wrong == wrong


def test_variables_of_any_case_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("example_name", "grace")
    monkeypatch.setenv("EXAMPLE_UNKNOWN", "x")
    monkeypatch.setenv("KIND", "b")

    assert Example().changed() == {"name": "grace"}


def test_what_is_given_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXAMPLE_NAME", "grace")

    assert Example(name="edsger").name == "edsger"
    assert Example(number=4).changed() == {"name": "grace", "number": 4}


def test_other_settings_leave_these_as_they_are() -> None:
    settings = Example(number=4)

    other = settings.with_changes({"number": 5, "wanted": True})

    assert (other.number, other.wanted, settings.number) == (5, True, 4)
    with pytest.raises(InvalidSettings, match="number: it must be at most 9"):
        settings.with_changes({"number": 10})
    with pytest.raises(TypeError, match="no setting colour"):
        settings.with_changes({"colour": "red"})
    with pytest.raises(AttributeError, match="never change"):
        settings.number = 7  # type: ignore[misc]  # what is tested


def test_a_secret_is_shown_to_nobody_who_does_not_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXAMPLE_SECRET", "hush")

    secret = Example().secret

    assert secret is not None
    assert secret.reveal() == "hush"
    assert "hush" not in f"{secret} {secret!r} {Example().changed()}"
