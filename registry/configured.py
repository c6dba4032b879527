"""Classes of settings, whose values are read from environment variables.

No more than our settings take: whatever runs reads them first. pydantic, which does much more, was
an eighth of a server's start, and a tenth of its memory.
"""

import inspect
import os
import re
from collections.abc import Callable, Mapping
from copy import copy
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Self, dataclass_transform

_TRUE = frozenset({"1", "true", "t", "yes", "y", "on"})
_FALSE = frozenset({"0", "false", "f", "no", "n", "off"})


class InvalidSettings(ValueError):
    """Settings were given what they cannot hold; `wrong` has the reason by each one's name."""

    def __init__(self, wrong: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {reason}" for name, reason in wrong.items()))
        self.wrong = wrong


class Secret:
    """A text that is shown to nobody by accident: neither a log nor a traceback has it."""

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Give the text itself."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"


class Setting(NamedTuple):
    """What is known of a setting: see `setting`."""

    default: Any
    description: str
    ge: int | None
    le: int | None
    pattern: str
    check: Callable[[Any], Any] | None

    def accept(self, value: Any) -> Any:
        """Give the value as it is kept.

        Raises:
            ValueError: it is out of bounds, or not of the setting's form.
        """
        if self.ge is not None and value < self.ge:
            raise ValueError(f"it must be at least {self.ge}")
        if self.le is not None and value > self.le:
            raise ValueError(f"it must be at most {self.le}")
        if self.pattern and not re.fullmatch(self.pattern, value):
            raise ValueError(f"it must match {self.pattern}")
        return value if self.check is None else self.check(value)


def setting(
    *,
    default: Any,
    description: str,
    ge: int | None = None,
    le: int | None = None,
    pattern: str = "",
    check: Callable[[Any], Any] | None = None,
) -> Any:
    """Declare a setting, as the value of an annotated name in a `Configured` class.

    Args:
        default: its value where none is given.
        description: what it means, in a sentence for people.
        ge: the least number that it may be.
        le: the greatest.
        pattern: a regular expression that all of a text must match.
        check: gives the value as it is to be kept, or raises a ValueError that says what is wrong.
    """
    return Setting(default, description, ge, le, pattern, check)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(setting,))
class Configured:
    """Settings that are read once, and never change then.

    What is not given by name is read from the environment variable of that name in capitals after
    `prefix`, else it is the default. A text is read as the setting's type, which is one of those
    that `_READERS` has.

    Raises:
        InvalidSettings: some were given what they cannot hold.
    """

    prefix: ClassVar[str]
    declared: ClassVar[Mapping[str, Setting]]
    _types: ClassVar[Mapping[str, Any]]

    def __init_subclass__(cls) -> None:
        known = {name: value for name, value in vars(cls).items() if isinstance(value, Setting)}
        types = inspect.get_annotations(cls)
        cls.declared = known
        cls._types = {name: types[name] for name in known}

    def __init__(self, **given: Any) -> None:
        vars(self).update({name: each.default for name, each in self.declared.items()})
        found = {
            name: value
            for variable, value in os.environ.items()
            if (name := self._named_by(variable)) in self.declared
        }
        vars(self).update(self._read({**found, **given}))

    @classmethod
    def variable(cls, name: str) -> str:
        """Name the environment variable of a setting."""
        return cls.prefix + name.upper()

    @classmethod
    def _named_by(cls, variable: str) -> str:
        variable = variable.upper()
        return variable.removeprefix(cls.prefix).lower() if variable.startswith(cls.prefix) else ""

    def with_changes(self, changes: Mapping[str, Any]) -> Self:
        """Give settings that differ from these.

        Raises:
            InvalidSettings: some were given what they cannot hold.
        """
        other = copy(self)
        vars(other).update(self._read(changes))
        return other

    def changed(self) -> Mapping[str, Any]:
        """Give those that are not what they are by default."""
        return {
            name: value
            for name, each in self.declared.items()
            if (value := getattr(self, name)) != each.default
        }

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{name} cannot be set: settings never change")

    @classmethod
    def _read(cls, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Give values as they are kept, texts read as their settings' types."""
        accepted, wrong = {}, {}
        for name, value in values.items():
            if name not in cls.declared:
                raise TypeError(f"there is no setting {name}")
            try:
                read = _READERS[cls._types[name]](value) if isinstance(value, str) else value
                accepted[name] = cls.declared[name].accept(read)
            except ValueError as error:
                wrong[name] = str(error)
        if wrong:
            raise InvalidSettings(wrong)
        return accepted


def _read_bool(text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise ValueError("it must be true or false")


def _read_int(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError("it must be a whole number") from None


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


_READERS: Mapping[Any, Callable[[str], Any]] = {
    str: str,
    bool: _read_bool,
    int: _read_int,
    Path: Path,
    Path | None: lambda text: Path(text) if text else None,
    Secret | None: lambda text: Secret(text) if text else None,
    # Separated by commas.
    tuple[str, ...]: _split,
}
