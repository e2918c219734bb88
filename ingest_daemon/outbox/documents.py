"""Events and pictures as the outbox keeps them: sealed, each for its own place. Where they are kept is `store`'s."""

from __future__ import annotations

from pydantic import ValidationError

from contracts.events import FaceDetectedV1
from ingest_daemon.sealing import Sealer


class Documents:
    """Seals and opens. Bytes that were moved to another event do not open there."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def sealed(self, event: FaceDetectedV1, image: bytes | None) -> tuple[bytes, bytes | None]:
        event_id, revision = str(event.event_id), event.revision
        document = self._sealer.seal(event.model_dump_json().encode(), _context("event", event_id, revision))
        return document, None if image is None else self._sealer.seal(image, _context("image", event_id, revision))

    def opened(self, document: bytes, event_id: str, revision: int) -> FaceDetectedV1 | None:
        """None where the key is another one, or another version of Footfall wrote it."""
        plain = self._sealer.open(document, _context("event", event_id, revision))
        return None if plain is None else _parsed(plain)

    def picture(self, image: bytes, event_id: str, revision: int) -> bytes | None:
        """None where it does not open."""
        return self._sealer.open(image, _context("image", event_id, revision))

    def faceless(self, document: bytes, event_id: str, revision: int) -> bytes:
        """The event sealed anew without its template; empty when it cannot be read."""
        event = self.opened(document, event_id, revision)
        return b"" if event is None else self.sealed(event.model_copy(update={"embedding": None}), None)[0]

    def sealed_now(
        self, document: bytes, image: bytes | None, event_id: str, revision: int
    ) -> tuple[bytes, bytes | None] | None:
        """What a version before sealing wrote, sealed; None for what is sealed already, or cannot be read at all."""
        if self.opened(document, event_id, revision) is not None:
            return None
        event = _parsed(document)
        return None if event is None else self.sealed(event, image)


def _parsed(plain: bytes) -> FaceDetectedV1 | None:
    try:
        return FaceDetectedV1.model_validate_json(plain)
    except ValidationError:
        return None


def _context(kind: str, event_id: str, revision: int) -> str:
    return f"{kind}:{event_id}:{revision}"
