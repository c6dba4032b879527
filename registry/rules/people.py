"""People as package.json names them: `Name <mail> (url)`, or an object with the same parts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

# As npm reads them (`@npmcli/package-json`): whatever is neither name, mail nor url is dropped.
_NAME = re.compile(r"[^(<]+")
_EMAIL = re.compile(r"<([^<>]+)>")
_URL = re.compile(r"\(([^()]+)\)")


@dataclass(frozen=True)
class Person:
    """Someone a manifest names; parts that it does not give are empty."""

    name: str = ""
    email: str = ""
    url: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read npm's person form; each part may be missing."""
        name, email, url = _NAME.match(text), _EMAIL.search(text), _URL.search(text)
        return cls(
            name.group().strip() if name else "",
            email.group(1).strip() if email else "",
            url.group(1).strip() if url else "",
        )

    def __str__(self) -> str:
        parts = [self.name, self.email and f"<{self.email}>", self.url and f"({self.url})"]
        return " ".join(part for part in parts if part)


def read_person(value: object) -> Person | None:
    """Read a person as a manifest may give one: a text, or an object.

    An object may spell `email` as `mail` and `url` as `web`. None where nothing of a person is
    there.
    """
    if isinstance(value, Mapping):
        # By way of the text, as npm does it, so that both forms give the same person.
        value = str(
            Person(
                _text(value.get("name")),
                _text(value.get("email")) or _text(value.get("mail")),
                _text(value.get("url")) or _text(value.get("web")),
            )
        )
    person = Person.parse(value) if isinstance(value, str) else Person()
    return person if str(person) else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
