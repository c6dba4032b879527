"""The OpenAPI document of every route: made when it is first asked for, from the tables here.

`operations/` has, beside each other, what each route takes and gives, and the shapes of that as
pydantic models. Nothing but the document needs them: the views write their JSON themselves, and
tests hold every answer to the document.
"""
