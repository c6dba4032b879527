"""The documented fields of what authors send, each with its documented refusals.

A refusal's `code` is the word that the X-Pkg registry answers in plain text.
"""

from registry.errors import InvalidInput
from registry.rules.enumerations import PackageType
from registry.rules.identifiers import InvalidIdentifier, parse_either, parse_partial
from registry.rules.selections import MAX_LENGTH as MAX_SELECTION_LENGTH
from registry.rules.selections import InvalidSelection, Selection
from registry.rules.versions import MAX_LENGTH as MAX_VERSION_LENGTH
from registry.rules.versions import InvalidVersion, RegistryVersion

MIN_DESCRIPTION_LENGTH, MAX_DESCRIPTION_LENGTH = 10, 8192
# White space that a description may hold; other control characters are nobody's prose.
_LAYOUT = "\n\r\t"


def read_text(value: object, field: str) -> str:
    """Read a required text, without the white space around it.

    Raises:
        InvalidInput: `invalid_or_empty_str`: it is no text, or there is nothing in it.
    """
    if not isinstance(value, str) or not value.strip():
        raise InvalidInput.of(field, "must be a text, and not empty", code="invalid_or_empty_str")
    return value.strip()


def read_new_identifier(value: object, field: str = "packageId") -> str:
    """Read a partial identifier into lower case.

    Raises:
        InvalidInput: `invalid_or_empty_str`; `full_id_or_invalid`: it is a full one, or none.
    """
    try:
        return parse_partial(read_text(value, field))
    except InvalidIdentifier as error:
        raise InvalidInput.of(field, str(error), code="full_id_or_invalid") from None


def full_identifier_refused() -> InvalidInput:
    """Make the refusal of a full identifier where only the partial one will do."""
    return InvalidInput.of(
        "packageId",
        "give the partial identifier, without repository and slash",
        code="full_id_or_invalid",
    )


def read_own_identifier(value: object, repository: str, field: str = "packageId") -> str:
    """Read a package's identifier, partial or full, into its partial form.

    Args:
        value: what was sent.
        repository: this registry's own name, the only one that a full identifier may have.
        field: the field's name.

    Raises:
        InvalidInput: `invalid_or_empty_str`; `invalid_id_or_repo`: it is none, or of another
            repository.
    """
    text = read_text(value, field)
    try:
        full = parse_either(text, repository)
    except InvalidIdentifier as error:
        raise InvalidInput.of(field, str(error), code="invalid_id_or_repo") from None
    if full.repository != repository:
        raise InvalidInput.of(
            field, f"belongs to the repository {full.repository}", code="invalid_id_or_repo"
        )
    return full.partial


def read_version(value: object, field: str) -> RegistryVersion:
    """Read a version.

    Raises:
        InvalidInput: `invalid_or_empty_str`; `bad_version_len`: it is too long; `invalid_version`.
    """
    text = read_text(value, field)
    if len(text) > MAX_VERSION_LENGTH:
        raise InvalidInput.of(
            field, f"must have at most {MAX_VERSION_LENGTH} characters", code="bad_version_len"
        )
    try:
        return RegistryVersion.parse(text)
    except InvalidVersion as error:
        raise InvalidInput.of(field, str(error), code="invalid_version") from None


def read_selection(value: object, field: str) -> Selection:
    """Read a version selection.

    Raises:
        InvalidInput: `invalid_or_empty_str`; `bad_sel_len`: it is too long; `invalid_selection`.
    """
    text = read_text(value, field)
    if len(text) > MAX_SELECTION_LENGTH:
        raise InvalidInput.of(
            field, f"must have at most {MAX_SELECTION_LENGTH} characters", code="bad_sel_len"
        )
    try:
        return Selection.parse(text)
    except InvalidSelection as error:
        raise InvalidInput.of(field, str(error), code="invalid_selection") from None


def read_package_type(value: object) -> PackageType:
    """Read a package's type.

    Raises:
        InvalidInput: `invalid_or_empty_str`; `invalid_pkg_type`: there is no such type.
    """
    text = read_text(value, "packageType")
    try:
        return PackageType(text)
    except ValueError:
        raise InvalidInput.of(
            "packageType", f"must be one of {', '.join(PackageType)}", code="invalid_pkg_type"
        ) from None


def read_description(value: object, field: str) -> str:
    """Read a package's description; lines and any script's letters are welcome.

    Raises:
        InvalidInput: `invalid_or_empty_str`: it is no text, or holds control characters;
            `bad_desc_len`: it has fewer than 10 characters or more than 8192.
    """
    text = read_text(value, field)
    if not MIN_DESCRIPTION_LENGTH <= len(text) <= MAX_DESCRIPTION_LENGTH:
        raise InvalidInput.of(
            field,
            f"must have {MIN_DESCRIPTION_LENGTH} to {MAX_DESCRIPTION_LENGTH} characters, and this "
            f"one has {len(text)}",
            code="bad_desc_len",
        )
    # C0 and C1; the latter drive terminals too.
    if any(ord(each) < 0x20 or 0x7F <= ord(each) < 0xA0 for each in text if each not in _LAYOUT):  # noqa: PLR2004 -- the code points of controls
        raise InvalidInput.of(
            field, "must not hold control characters", code="invalid_or_empty_str"
        )
    return text
