"""Sending people and their photographs to the API, with a row for every photograph. What is read from where is not
here."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

from cli.staff_import.report import SETTLED, Row
from cli.staff_import.sources import Person
from client import FootfallClient
from client.errors import ApiProblem
from contracts.enrolment import MAX_PHOTOGRAPHS, PhotographResult
from contracts.people import Staff, StaffCreate

_MULTIPART_ROOM_BYTES = 100_000
_TRANSIENT_STATUS = 500


@dataclass(frozen=True, slots=True)
class _Upload:
    row: Row
    data: bytes


class StaffImport:
    """One import. Repeating it changes nothing: people are known again by number or name, photographs by content."""

    def __init__(self, client: FootfallClient, *, max_request_bytes: int, settled: Sequence[Row] = ()) -> None:
        self._client = client
        self._room_bytes = max_request_bytes - _MULTIPART_ROOM_BYTES
        self._settled = {(row.photograph, row.sha256): row for row in settled if row.verdict in SETTLED}
        self._by_number: dict[str, Staff] = {}
        self._by_name: dict[str, list[Staff]] = defaultdict(list)

    def learn_staff(self) -> None:
        """Reads who is there already. Raises ApiProblem and ApiUnavailable, as every method does."""
        cursor: str | None = None
        while True:
            page = self._client.staff(limit=500, cursor=cursor)
            for member in page.items:
                self._know(member)
            cursor = page.next_cursor
            if cursor is None:
                return

    def bring(self, person: Person, on_photograph: Callable[[], None]) -> list[Row]:
        """The rows of the person's photographs, who is made where they are not there. `on_photograph` is called for
        each photograph that is done with."""
        known = self._known(person)
        if isinstance(known, str):
            rows = [_row(person, None, path, verdict="ambiguous_name", reason=known) for path in person.photographs]
            for _ in rows:
                on_photograph()
            return rows
        if known is None:
            known = self._client.create_staff(StaffCreate(display_name=person.name, external_ref=person.number))
            self._know(known)
        rows, uploads = [], []
        for path in person.photographs:
            read = self._read(person, known.staff_id, path)
            if isinstance(read, _Upload):
                uploads.append(read)
            else:
                rows.append(read)
                on_photograph()
        for batch in self._batches(uploads):
            rows += self._send(known.staff_id, batch)
            for _ in batch:
                on_photograph()
        return rows

    def _know(self, member: Staff) -> None:
        if member.external_ref is not None:
            self._by_number[member.external_ref] = member
        self._by_name[member.display_name.casefold()].append(member)

    def _known(self, person: Person) -> Staff | str | None:
        """The staff member, None for a new one, or why it cannot be told."""
        if person.number is not None:
            return self._by_number.get(person.number)
        called = self._by_name[person.name.casefold()]
        if len(called) > 1:
            return f"{len(called)} staff are called {person.name}; give the personnel number."
        return called[0] if called else None

    def _read(self, person: Person, staff_id: UUID, path: Path) -> Row | _Upload:
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return _row(person, staff_id, path, verdict="missing_file", reason="There is no such file.")
        except OSError as error:
            return _row(
                person, staff_id, path, verdict="unreadable_file", reason=f"The file cannot be read: {error.strerror}."
            )
        digest = hashlib.sha256(data).hexdigest()
        settled = self._settled.get((str(path), digest))
        if settled is not None and settled.staff_id == str(staff_id):
            return settled
        if len(data) > self._room_bytes:
            return _row(
                person, staff_id, path, digest=digest, verdict="too_large", reason=f"The file has {len(data):,} bytes."
            )
        return _Upload(_row(person, staff_id, path, digest=digest, verdict="", reason=""), data)

    def _batches(self, uploads: Sequence[_Upload]) -> Iterator[list[_Upload]]:
        batch: list[_Upload] = []
        for upload in uploads:
            size = sum(len(other.data) for other in batch)
            if batch and (len(batch) == MAX_PHOTOGRAPHS or size + len(upload.data) > self._room_bytes):
                yield batch
                batch = []
            batch.append(upload)
        if batch:
            yield batch

    def _send(self, staff_id: UUID, batch: Sequence[_Upload]) -> list[Row]:
        sent = [(Path(upload.row.photograph).name, upload.data) for upload in batch]
        try:
            report = self._client.enrol_photographs(staff_id, sent)
        except ApiProblem as error:
            if error.problem.status in (401, 403) or error.problem.status >= _TRANSIENT_STATUS:
                raise  # the next request would end the same way
            detail, hint = error.problem.detail, error.problem.hint or ""
            return [replace(upload.row, verdict="refused", reason=detail, hint=hint) for upload in batch]
        return [_judged(upload.row, result) for upload, result in zip(batch, report.items, strict=True)]


def _row(person: Person, staff_id: UUID | None, path: Path, *, digest: str = "", verdict: str, reason: str) -> Row:
    return Row(
        name=person.name,
        number=person.number or "",
        staff_id="" if staff_id is None else str(staff_id),
        photograph=str(path),
        sha256=digest,
        verdict=verdict,
        reason=reason,
    )


def _judged(row: Row, result: PhotographResult) -> Row:
    return replace(
        row,
        verdict=result.verdict,
        reason=result.reason,
        hint=result.hint or "",
        quality="" if result.quality is None else f"{result.quality.score:.3f}",
        agreement="" if result.agreement is None else f"{result.agreement:.3f}",
        other="" if result.other is None else result.other.display_name or str(result.other.person_id),
    )
