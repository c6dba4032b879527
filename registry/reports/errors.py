"""A report that is not what it says."""

from registry.errors import FieldError, InvalidInput


class InvalidReport(InvalidInput):
    """A report stops making sense somewhere: `errors` says where, as a line or a JSON path."""

    code = "invalid_report"
    status = 422
    title = "Invalid report"

    def __init__(self, where: str, message: str) -> None:
        super().__init__(f"{where}: {message}", errors=[FieldError(where, message)])
