"""The JSON schemas (draft 2020-12) of the shapes that operations name."""

import re
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from registry.rest.openapi.operation import Annotation

# Where the enumerations' docstrings point developers to; readers of the document have no such page.
_POINTER = re.compile(r" \(contract, section[^)]*\)")


class _Generator(GenerateJsonSchema):
    """Pydantic's, without the titles that only repeat names."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 -- pydantic's signature
        return False


class Schemas:
    """Schemas of annotations: shapes and enumerations as references to named components."""

    def __init__(self, annotations: list[Annotation]) -> None:
        """Make the schemas of all annotations at once, so that no two have one name."""
        adapters = [TypeAdapter(annotation) for annotation in annotations]
        mode: JsonSchemaMode = "validation"
        made, definitions = TypeAdapter.json_schemas(
            [(position, mode, adapter) for position, adapter in enumerate(adapters)],
            ref_template="#/components/schemas/{model}",
            schema_generator=_Generator,
        )
        # Annotations with metadata cannot be hashed, and live as long as the tables do.
        self._by_id = {
            id(annotation): _tidy(made[position, mode])
            for position, annotation in enumerate(annotations)
        }
        self.components: dict[str, Any] = {
            name: _tidy(schema) for name, schema in definitions["$defs"].items()
        }
        if unclear := [name for name in self.components if "__" in name]:
            raise ValueError(f"Two shapes have one name: {', '.join(unclear)}")

    def of(self, annotation: Annotation) -> dict[str, Any]:
        """Give the schema of an annotation that was named at the beginning."""
        return dict(self._by_id[id(annotation)])


def _tidy(schema: Any) -> Any:
    """Drop titles, which only repeat names, and pointers into the developers' pages."""
    if isinstance(schema, list):
        return [_tidy(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    tidied = {
        key: {name: _tidy(of) for name, of in value.items()}
        if key == "properties"
        else _tidy(value)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str))
    }
    if isinstance(description := tidied.get("description"), str):
        tidied["description"] = _POINTER.sub("", description)
    return tidied
