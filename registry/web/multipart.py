"""Reads a form with one file in it (RFC 7578), the file in pieces and never as a whole."""

from collections.abc import Callable
from typing import IO

from flask import request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData

from registry.errors import InvalidInput
from registry.web.errors import BodyTooLarge, UnsupportedMediaType

# Bytes; the decoder may hold one chunk and what is left of the one before.
_CHUNK = 256 * 1024
_MAX_BUFFER = 4 * _CHUNK
# The longest documented field is a list of 128 pairs.
_MAX_FIELD = 128 * 1024
_MAX_PARTS = 64
# What a form may hold besides the file.
_ROOM_FOR_FIELDS = 1024 * 1024


def read_form_with_file(
    file_field: str, receive: Callable[[bytes], None], *, max_file_bytes: int
) -> tuple[dict[str, str], bool]:
    """Read the request's form to its end.

    Args:
        file_field: the name of the file's part.
        receive: given the file's content, piece by piece.
        max_file_bytes: how large the file may be.

    Returns:
        The other fields, and whether there was a file.

    Raises:
        UnsupportedMediaType: the body is no such form.
        BodyTooLarge: the file or a field is too large.
        InvalidInput: the form is cut off or malformed, or a field is given twice.
    """
    boundary = _boundary()
    # For this request alone: the limit of the other routes is far below an upload's.
    request.max_content_length = max_file_bytes + _ROOM_FOR_FIELDS
    if (request.content_length or 0) > request.max_content_length:
        raise _too_large(max_file_bytes)
    form = _Form(file_field, receive, max_file_bytes)
    decoder = MultipartDecoder(boundary, _MAX_BUFFER, max_parts=_MAX_PARTS)
    try:
        _decode(request.stream, decoder, form)
    except RequestEntityTooLarge:
        raise _too_large(max_file_bytes) from None
    return form.texts(), form.has_file


def _boundary() -> bytes:
    boundary = request.mimetype_params.get("boundary", "")
    if request.mimetype != "multipart/form-data" or not boundary:
        raise UnsupportedMediaType("Send the body as multipart/form-data.")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType("The body is compressed: send it as it is.")
    return boundary.encode()


def _decode(stream: IO[bytes], decoder: MultipartDecoder, form: "_Form") -> None:
    while True:
        decoder.receive_data(_read(stream) or None)
        while not isinstance(event := _next_event(decoder), NeedData):
            if isinstance(event, Epilogue):
                return
            # A part may lack its name, whatever the decoder's types say.
            if isinstance(event, File | Field) and not isinstance(event.name, str):
                raise _malformed()
            if isinstance(event, File):
                form.begin_file(event.name)
            elif isinstance(event, Field):
                form.begin_field(event.name)
            elif isinstance(event, Data):
                form.add(event.data)


def _read(stream: IO[bytes]) -> bytes:
    try:
        return stream.read(_CHUNK)
    except (ClientDisconnected, OSError):
        raise _malformed() from None


def _next_event(decoder: MultipartDecoder) -> Event:
    try:
        return decoder.next_event()
    except ValueError:
        raise _malformed() from None


def _malformed() -> InvalidInput:
    return InvalidInput("The form is malformed, or its end is missing.", code="invalid_form")


class _Form:
    """What was read of a form so far."""

    def __init__(
        self, file_field: str, receive: Callable[[bytes], None], max_file_bytes: int
    ) -> None:
        self.has_file = False
        self._file_field, self._receive = file_field, receive
        self._left_of_file = max_file_bytes
        self._max_file_bytes = max_file_bytes
        self._fields: dict[str, bytearray] = {}
        # Where the part that is being read goes.
        self._add: Callable[[bytes], None] = self._add_to_file

    def begin_file(self, name: str) -> None:
        if name != self._file_field:
            # Of no use here; a field of that name is reported missing.
            self._add = lambda _: None
            return
        if self.has_file:
            raise InvalidInput.of(name, "is given more than once", code="invalid_form")
        self.has_file = True
        self._add = self._add_to_file

    def begin_field(self, name: str) -> None:
        if name in self._fields:
            raise InvalidInput.of(name, "is given more than once", code="invalid_form")
        content = self._fields[name] = bytearray()

        def add(data: bytes) -> None:
            if len(content) + len(data) > _MAX_FIELD:
                raise BodyTooLarge(f"A field is larger than {_MAX_FIELD:,} bytes.")
            content.extend(data)

        self._add = add

    def add(self, data: bytes) -> None:
        self._add(data)

    def texts(self) -> dict[str, str]:
        texts = {}
        for name, content in self._fields.items():
            text = content.decode(errors="replace")
            # No text of the contract has this character, and PostgreSQL has no place for it.
            if "\0" in text:
                raise InvalidInput.of(name, "holds the character U+0000", code="invalid_form")
            texts[name] = text
        return texts

    def _add_to_file(self, data: bytes) -> None:
        self._left_of_file -= len(data)
        if self._left_of_file < 0:
            raise _too_large(self._max_file_bytes)
        self._receive(data)


def _too_large(max_file_bytes: int) -> BodyTooLarge:
    return BodyTooLarge(f"The file is larger than {max_file_bytes:,} bytes.")
