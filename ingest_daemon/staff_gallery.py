"""Who is on the staff, known on the camera host itself: the gallery as the server last gave it, sealed on the disk, and
exact comparison with it. What the server decides of an event stands; this knows sooner, and while the server is away.
"""

from __future__ import annotations

import base64
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from uuid import UUID

import numpy as np
from pydantic import ValidationError

from client.api import FootfallClient
from client.errors import ApiError, ApiProblem
from contracts.base import Contract
from contracts.gallery import StaffGallery
from footfall.vision.types import Float32Array
from ingest_daemon.sealing import Sealer

logger = logging.getLogger(__name__)

_CONTEXT = "staff-gallery"
DIMENSION = 512


class _Held(Contract):
    tag: str
    gallery: StaffGallery


@dataclass(frozen=True, slots=True)
class KnownStaff:
    """A staff member whom a template is of. `score`: the best cosine."""

    staff_id: UUID
    score: float


class StaffRoster:
    """The gallery of one daemon. Thread-safe. `cache`: the file that holds it sealed, its key beside it."""

    def __init__(self, client: FootfallClient, cache: Path) -> None:
        self._client = client
        self._cache = cache
        self._lock = Lock()
        self._held: _Held | None = None
        self._vectors: Float32Array = np.zeros((0, DIMENSION), np.float32)

    @property
    def templates(self) -> int:
        return len(self._vectors)

    @property
    def known(self) -> bool:
        """Whether there is a gallery at all; an empty one is one."""
        return self._held is not None

    def begin(self, *, counts_only: bool) -> None:
        """The gallery of before, and the newest where the API is there; none where the tenant only counts."""
        if counts_only:
            self.forget()
            return
        self.remember()
        self.refresh()

    def remember(self) -> None:
        """Takes what was sealed on the disk, where that opens; for a start while the API is away."""
        try:
            sealed = self._cache.read_bytes()
        except OSError:
            return
        plain = self._sealer().open(sealed, _CONTEXT)
        try:
            if plain is not None:
                self._take(_Held.model_validate_json(plain))
                return
        except ValidationError:
            logger.debug("The staff gallery on the disk is of another version of Footfall.")
        logger.warning("The staff gallery on the disk cannot be opened; it is fetched anew.")

    def fetch(self) -> bool:
        """The newest gallery from the API; answers whether it is another one. Where the tenant only counts the one that
        is held is forgotten, on the disk as well. Raises ApiError when it cannot be had."""
        try:
            answer = self._client.staff_gallery(None if self._held is None else self._held.tag)
        except ApiProblem as error:
            if error.slug == "privacy-mode-forbids":
                self.forget()
            raise
        if answer is None:
            return False
        gallery, tag = answer
        held = _Held(tag=tag, gallery=gallery)
        self._take(held)
        self._keep(held)
        logger.info("The staff gallery has %d templates now.", self.templates)
        return True

    def refresh(self) -> None:
        """`fetch`, where an API that is away, or has no gallery for this worker, is no trouble."""
        try:
            self.fetch()
        except ApiError as error:
            logger.debug("The staff gallery could not be fetched: %s", error)

    def forget(self) -> None:
        with self._lock:
            self._held = None
            self._vectors = np.zeros((0, DIMENSION), np.float32)
        self._cache.unlink(missing_ok=True)

    def find(self, template: Float32Array, model_version: str) -> KnownStaff | None:
        """The staff member whom the (512,) unit `template` is of by the server's threshold; every template is compared.
        None for strangers, without a gallery, and for templates of another model."""
        with self._lock:
            held, vectors = self._held, self._vectors
        if held is None or held.gallery.model_version != model_version or not len(vectors):
            return None
        cosines = vectors @ template
        best = int(np.argmax(cosines))
        if float(cosines[best]) < held.gallery.threshold:
            return None
        return KnownStaff(held.gallery.templates[best].staff_id, float(cosines[best]))

    def _take(self, held: _Held) -> None:
        rows = [
            np.frombuffer(base64.b64decode(one.embedding.vector), "<f4").astype(np.float32)
            for one in held.gallery.templates
        ]
        with self._lock:
            self._held = held
            self._vectors = np.stack(rows) if rows else np.zeros((0, DIMENSION), np.float32)

    def _keep(self, held: _Held) -> None:
        sealed = self._sealer().seal(held.model_dump_json().encode(), _CONTEXT)
        partial = self._cache.with_name(self._cache.name + ".partial")
        try:
            self._cache.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(sealed)
            partial.replace(self._cache)
        except OSError as error:
            logger.warning("The staff gallery could not be kept: %s.", error.strerror)

    def _sealer(self) -> Sealer:
        return Sealer.at(self._cache.with_name(self._cache.name + ".key"))
