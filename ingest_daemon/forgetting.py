"""The worker's part of an erasure: what waits in its outboxes, and the staff gallery it holds. Which erasure it is, and
what the server does, is not known here."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol
from uuid import UUID

from contracts.commands import Forget, ForgetResult
from footfall.errors import ConfigurationError
from ingest_daemon.outbox.store import Outbox

logger = logging.getLogger(__name__)


class Roster(Protocol):
    """The staff gallery."""

    def forget(self) -> None: ...

    def refresh(self) -> None: ...


def forget(order: Forget, outboxes: Iterable[tuple[UUID, Outbox]], roster: Roster) -> ForgetResult:
    """`outboxes`: with the camera that each is of. Raises ServiceUnavailableError where one cannot be written.

    A sighting that waits has no name: whose face it is, only the server could tell. So that none of the person arrives
    later, all that wait lose face and template, and arrive as counted ones.
    """
    dropped = stripped = 0
    for camera_id, outbox in outboxes:
        if order.camera_id is not None and camera_id != order.camera_id:
            continue
        if order.drop:
            dropped += outbox.forget(order.since, order.until)
        else:
            stripped += outbox.strip_faces(camera_id)
        outbox.settle()
    if order.gallery:
        roster.forget()
        roster.refresh()
    return ForgetResult(kind="forget", dropped=dropped, stripped=stripped, gallery_forgotten=order.gallery)


def forget_left_behind(order: Forget, folder: Path, watched: Iterable[UUID], *, max_bytes: int) -> tuple[int, int]:
    """The same for outboxes in `folder` of cameras that this daemon watches no more; how many sightings were dropped
    and stripped. One that another daemon uses is that daemon's."""
    dropped = stripped = 0
    known = {str(camera_id) for camera_id in watched}
    for path in sorted(folder.glob("outbox-*.sqlite")):
        name = path.stem.removeprefix("outbox-")
        try:
            camera_id = UUID(name)
        except ValueError:
            continue
        if name in known or (order.camera_id is not None and camera_id != order.camera_id):
            continue
        try:
            outbox = Outbox.open(path, max_bytes=max_bytes)
        except ConfigurationError as error:
            logger.warning("An outbox was left as it is: %s", error)
            continue
        try:
            done = forget(order.model_copy(update={"gallery": False}), [(camera_id, outbox)], _Nobody())
        finally:
            outbox.close()
        dropped, stripped = dropped + done.dropped, stripped + done.stripped
    return dropped, stripped


class _Nobody:
    def forget(self) -> None:
        """Nothing is held."""

    def refresh(self) -> None:
        """Nothing is held."""
