import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.rules.people import Person, read_person

ADA = Person("Ada Lovelace", "ada@example.org", "https://example.org/ada")


@pytest.mark.parametrize(
    ("value", "person"),
    [
        ("Ada Lovelace <ada@example.org> (https://example.org/ada)", ADA),
        ("Ada Lovelace (https://example.org/ada) <ada@example.org>", ADA),
        ("  Ada Lovelace<ada@example.org>(https://example.org/ada)", ADA),
        (
            {"name": "Ada Lovelace", "email": "ada@example.org", "url": "https://example.org/ada"},
            ADA,
        ),
        (
            {"name": "Ada Lovelace", "mail": "ada@example.org", "web": "https://example.org/ada"},
            ADA,
        ),
        ("bob", Person("bob")),
        ("<bob@example.org>", Person(email="bob@example.org")),
        ("(https://example.org)", Person(url="https://example.org")),
        ("Bob <", Person("Bob")),
        ("Bob <> ()", Person("Bob")),
        ({"name": "Bob", "email": 5}, Person("Bob")),
        ({"email": "bob@example.org"}, Person(email="bob@example.org")),
        ({"name": "Bob <bob@example.org>"}, Person("Bob", "bob@example.org")),
    ],
)
def test_reads_a_person(value: object, person: Person) -> None:
    assert read_person(value) == person


@pytest.mark.parametrize("value", [None, "", "  ", "<>", 5, True, [], {}, {"name": ""}, {"x": "y"}])
def test_nobody_is_no_person(value: object) -> None:
    assert read_person(value) is None


@pytest.mark.parametrize(
    ("person", "text"),
    [
        (ADA, "Ada Lovelace <ada@example.org> (https://example.org/ada)"),
        (Person("Bob"), "Bob"),
        (Person("Bob", url="https://example.org"), "Bob (https://example.org)"),
        (Person(email="bob@example.org"), "<bob@example.org>"),
    ],
)
def test_writes_a_person_as_npm_does(person: Person, text: str) -> None:
    assert str(person) == text


@given(st.text())
def test_what_was_written_reads_the_same(text: str) -> None:
    once = Person.parse(text)

    assert Person.parse(str(once)) == once
