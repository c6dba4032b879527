"""The fields of a request's body, sent as JSON or as a form."""

from flask import request

from registry.errors import InvalidInput
from registry.web.body import json_object_body

_FORMS = frozenset({"multipart/form-data", "application/x-www-form-urlencoded"})


def body_fields() -> dict[str, object]:
    """Read the body's fields: the document's schema has JSON, its sample a form.

    Raises:
        RegistryError: the body is neither; see `json_object_body`.
        InvalidInput: a form's field has no name, holds U+0000, or is given twice.
    """
    if request.mimetype not in _FORMS:
        return json_object_body()
    for name, values in request.form.lists():
        # Werkzeug gives None as the name of a part that has none, whatever its types say.
        if not isinstance(name, str):
            raise InvalidInput("A field of the form has no name.", code="invalid_form")
        if len(values) > 1:
            raise InvalidInput.of(name, "is given more than once")
        if "\0" in name + values[0]:
            raise InvalidInput.of(name.replace("\0", ""), "holds the character U+0000")
    return dict(request.form)
