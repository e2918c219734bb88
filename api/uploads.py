"""Multipart bodies: read in time, in memory alone, and held to the parts a route names. The contents are not judged."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from api.problems import INVALID, MALFORMED, TIMEOUT, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, RefusedRequestError
from contracts.enrolment import MAX_PHOTOGRAPHS
from contracts.problems import FieldProblem

_MAX_PARTS = MAX_PHOTOGRAPHS
_MAX_FIELD_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class PartRule:
    """One part a route takes. A file part has a file name; a photograph without one would be read as text."""

    name: str
    required: bool
    file: bool


class _MemoryParser(MultiPartParser):
    # A spooled photograph would lie on the disk unasked; the body's limit bounds the memory instead.
    spool_max_size = 2**40
    ended = False

    def on_part_end(self) -> None:
        if self._current_part.file is None:
            try:
                self._current_part.data.decode("utf-8")
            except UnicodeDecodeError:
                # Starlette would take the bytes for Latin-1, and nobody meant that.
                raise MultiPartException("A part that is text is no UTF-8.") from None
        super().on_part_end()

    def on_end(self) -> None:
        self.ended = True

    def close(self) -> None:
        """Frees every part, those included that were cut off and are in no form."""
        for file in self._files_to_close_on_error:
            file.close()


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file part: the name that the sender gave it, and its bytes."""

    filename: str
    data: bytes


async def read_files(request: Request, name: str, *, most: int, within_seconds: float) -> list[UploadedFile]:
    """One to `most` files, all in parts called `name`, in their order.

    Raises RefusedRequestError as `read_parts` does.
    """
    async with _form(request, within_seconds=within_seconds) as form:
        problems = list(_problems(form, (PartRule(name, required=True, file=True),), most=most))
        if problems:
            raise RefusedRequestError(
                INVALID, "The parts of the body are not those that this route takes.", fields=problems
            )
        return [
            UploadedFile(_shown(part.filename), await part.read())
            for _, part in form.multi_items()
            if isinstance(part, UploadFile)
        ]


async def read_parts(request: Request, rules: Collection[PartRule], *, within_seconds: float) -> Mapping[str, bytes]:
    """The parts' contents by name.

    Raises RefusedRequestError for another media type, for a body that is no multipart or does not arrive in time, and
    for parts that are missing, unknown, repeated or of the wrong form.
    """
    async with _form(request, within_seconds=within_seconds) as form:
        problems = list(_problems(form, rules))
        if problems:
            raise RefusedRequestError(
                INVALID, "The parts of the body are not those that this route takes.", fields=problems
            )
        return {name: await _content(part) for name, part in form.multi_items()}


async def read_batch(
    request: Request, *, document: str, document_bytes: int, files: str, most: int, within_seconds: float
) -> tuple[bytes, list[UploadedFile]]:
    """The part `document`, as a file or not, and up to `most` files in parts called `files`.

    Raises RefusedRequestError as `read_parts` does, and for a document of more than `document_bytes`.
    """
    rules = (PartRule(document, required=True, file=False), PartRule(files, required=False, file=True))
    async with _form(request, within_seconds=within_seconds, most_parts=most + 1, field_bytes=document_bytes) as form:
        problems = list(_problems(form, rules, most=most))
        if len(form.getlist(document)) > 1:
            problems.append(FieldProblem(field=document, message="The part is there more than once."))
        if problems:
            raise RefusedRequestError(
                INVALID, "The parts of the body are not those that this route takes.", fields=problems
            )
        content = await _content(form[document])
        if len(content) > document_bytes:
            raise RefusedRequestError(TOO_LARGE, f"The part `{document}` has more than {document_bytes} bytes.")
        return content, [
            UploadedFile(_shown(part.filename), await part.read())
            for part in form.getlist(files)
            if isinstance(part, UploadFile)
        ]


@asynccontextmanager
async def _form(
    request: Request, *, within_seconds: float, most_parts: int = _MAX_PARTS, field_bytes: int = _MAX_FIELD_BYTES
) -> AsyncIterator[FormData]:
    """The body, whole and in time, until the block ends."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "multipart/form-data":
        raise RefusedRequestError(
            UNSUPPORTED_MEDIA_TYPE,
            f"This route takes multipart/form-data, not {media_type or 'a body without a type'}."[:300],
        )
    parser = _MemoryParser(
        request.headers,
        request.stream(),
        max_files=most_parts,
        max_fields=most_parts,
        max_part_size=field_bytes,
    )
    try:
        with anyio.fail_after(within_seconds):
            form = await parser.parse()
        if not parser.ended:
            # The parser forgets a part that was cut off; an event would be taken without its picture.
            raise RefusedRequestError(MALFORMED, "The multipart body ends before its last boundary.")
        yield form
    except TimeoutError:
        raise RefusedRequestError(TIMEOUT, f"The body had not arrived after {within_seconds:g} seconds.") from None
    except MultiPartException as error:
        raise RefusedRequestError(MALFORMED, f"The multipart body cannot be read: {error.message}") from error
    finally:
        parser.close()


def _problems(form: FormData, rules: Collection[PartRule], *, most: int = 1) -> Iterator[FieldProblem]:
    known = {rule.name: rule for rule in rules}
    for rule in rules:
        given = form.getlist(rule.name)
        if rule.required and not given:
            yield FieldProblem(field=rule.name, message="The part is missing.")
        if len(given) > most:
            said = "more than once" if most == 1 else f"{len(given)} times; {most} are taken at once"
            yield FieldProblem(field=rule.name, message=f"The part is there {said}.")
    for name, part in form.multi_items():
        if name not in known:
            yield FieldProblem(
                field=name[:100] or "(no name)",
                message=f"There is no such part; this route takes {' and '.join(known)}.",
            )
        elif known[name].file and not isinstance(part, UploadFile):
            yield FieldProblem(field=name, message="The part must be a file: give it a file name.")


async def _content(part: UploadFile | str) -> bytes:
    return await part.read() if isinstance(part, UploadFile) else part.encode()


def _shown(filename: str | None) -> str:
    """The last part of a sender's file name, printable and short. It is shown, and never opened."""
    last = (filename or "").replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable())[:200] or "photograph"
