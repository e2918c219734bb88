"""What the API says of the camera: asked for at the start and again while running, remembered on disk for starts
while the API is away. Applying it is the daemon's."""

from __future__ import annotations

import logging
import os
import time
from http import HTTPStatus
from pathlib import Path
from random import Random
from threading import Event
from uuid import UUID

from pydantic import ValidationError

from client.api import FootfallClient
from client.errors import ApiError, ApiProblem
from contracts.places import Camera
from footfall.errors import (
    FootfallError,
    ForbiddenError,
    NotFoundError,
    ServiceUnavailableError,
    UnauthenticatedError,
)
from ingest_daemon.backoff import BackoffPolicy, wait_seconds

logger = logging.getLogger(__name__)

_BACKOFF = BackoffPolicy(first_seconds=0.5, longest_seconds=15.0)


class CameraConfig:
    """The configuration of one camera. `cache`: the file that remembers it, readable by its owner alone."""

    def __init__(self, client: FootfallClient, camera_id: UUID, cache: Path) -> None:
        self._client = client
        self._camera_id = camera_id
        self._cache = cache

    def at_start(self, stop: Event, *, patience_seconds: float | None) -> Camera | None:
        """The configuration from the API, or, while that is away, the one remembered. With neither, the API is
        asked again until it answers; None when `stop` was set first.

        Raises ServiceUnavailableError when it stays away for `patience_seconds` (None: waits without end);
        NotFoundError, UnauthenticatedError or ForbiddenError when it answers that this worker may not have the
        camera, remembered or not: a worker whose key was revoked must not go on collecting faces.
        """
        random = Random()  # noqa: S311 - spreads retries, guards no secret
        began, failures = time.monotonic(), 0
        while not stop.is_set():
            try:
                return self.fetch()
            except ApiError as error:
                refusal = _refusal(error, self._camera_id)
                if refusal is not None:
                    raise refusal from error
                remembered = self._remembered()
                if remembered is not None:
                    logger.warning("The API is away (%s); the camera's last known configuration is used.", error)
                    return remembered
                failures += 1
                if patience_seconds is not None and time.monotonic() - began >= patience_seconds:
                    raise ServiceUnavailableError(
                        f"The camera's configuration cannot be had: {error}",
                        hint="Is the API up (FOOTFALL_API__URL)? `footfall status` shows it.",
                    ) from error
                wait = wait_seconds(_BACKOFF, failures, random)
                logger.warning("The API is away (%s); next try in %.1f s.", error, wait)
                stop.wait(wait)
        return None

    def fetch(self) -> Camera:
        """From the API, and remembered. Raises ApiError."""
        camera = self._client.camera(self._camera_id)
        self._remember(camera)
        return camera

    def _remember(self, camera: Camera) -> None:
        document = camera.model_dump_json(indent=2)
        partial = self._cache.with_name(self._cache.name + ".partial")
        try:
            if self._cache.exists() and self._cache.read_text(encoding="utf-8") == document:
                return
            self._cache.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(document)
            partial.replace(self._cache)
        except OSError as error:
            logger.warning("The camera's configuration could not be remembered: %s.", error.strerror)

    def _remembered(self) -> Camera | None:
        try:
            return Camera.model_validate_json(self._cache.read_bytes())
        except (OSError, ValidationError):
            return None


def _refusal(error: ApiError, camera_id: UUID) -> FootfallError | None:
    """What the API's answer means when it is one that waiting does not change."""
    if not isinstance(error, ApiProblem) or error.transient or error.problem.type == "about:blank":
        return None
    detail = error.problem.detail
    match error.problem.status:
        case HTTPStatus.NOT_FOUND:
            return NotFoundError(
                f"The API knows no camera {camera_id}.", hint="The dashboards and GET /v1/cameras list the cameras."
            )
        case HTTPStatus.UNAUTHORIZED:
            return UnauthenticatedError(
                f"The API does not accept this worker's key: {detail}",
                hint="Make one with the worker role and set FOOTFALL_INGEST__API_KEY.",
            )
        case HTTPStatus.FORBIDDEN:
            return ForbiddenError(
                f"This worker's key may not use camera {camera_id}: {detail}", hint="Use a key made for this camera."
            )
        case _:
            return ForbiddenError(f"The API refuses the camera's configuration: {detail}", hint=error.problem.hint)
