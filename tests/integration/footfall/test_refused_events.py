"""Events that cannot be taken are refused with the reason, and leave nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import numpy as np
import pytest

from contracts.base import CameraId
from contracts.events import MAX_CROP_BYTES
from footfall.errors import (
    ConflictError,
    EmbeddingInvalidError,
    EventFromFutureError,
    EventRejectedError,
    ForbiddenError,
    ImageTooLargeError,
    ModelVersionMismatchError,
    NotAnImageError,
    NotFoundError,
)
from footfall.sightings import record_sighting
from tests.integration.footfall.conftest import Worlds
from tests.integration.footfall.world import ACTOR, World, jpeg, portrait
from tests.vectors import person

ADA = person(1)


def test_an_unknown_camera_is_named(world: World) -> None:
    unknown = CameraId(uuid4())

    with pytest.raises(NotFoundError, match=str(unknown)):
        world.see(ADA, camera=unknown)


def test_another_tenants_camera_is_unknown_here(world: World, worlds: Worlds) -> None:
    with pytest.raises(NotFoundError):
        world.see(ADA, camera=worlds("identify").cameras[0])


def test_a_key_for_one_camera_sends_for_no_other(world: World) -> None:
    entrance, exit_ = world.cameras
    allowed = frozenset({entrance})

    sent = record_sighting(
        world.services, world.tenant_id, world.event(None, camera=entrance), None, actor=ACTOR, allowed_cameras=allowed
    )
    assert sent.decision.kind == "poor_quality"
    with pytest.raises(ForbiddenError, match=str(exit_)):
        record_sighting(
            world.services, world.tenant_id, world.event(None, camera=exit_), None, actor=ACTOR, allowed_cameras=allowed
        )


def test_a_camera_that_is_switched_off_sends_nothing(world: World) -> None:
    world.rows("update footfall.cameras set enabled = false where camera_id = :id returning 1", id=world.cameras[0])

    with pytest.raises(EventRejectedError, match="switched off"):
        world.see(ADA)
    assert world.see(ADA, camera=world.cameras[1]).decision.kind == "new_customer"


def test_an_event_id_belongs_to_the_camera_that_used_it_first(world: World) -> None:
    event = world.event(ADA)
    world.send(event)

    with pytest.raises(ConflictError, match="another camera"):
        world.send(event.model_copy(update={"camera_id": world.cameras[1]}))


def test_an_event_ahead_of_the_clock_is_refused(world: World) -> None:
    allowed = world.services.settings.recognition.max_future_seconds
    now = datetime.now(UTC)

    assert world.see(ADA, at=now + timedelta(seconds=allowed - 60)).decision.kind == "new_customer"
    with pytest.raises(EventFromFutureError, match=r"ahead of the server's clock"):
        world.see(ADA, at=now + timedelta(seconds=allowed + 60))


@pytest.mark.parametrize("year", [1, 1970, 1999])
def test_an_event_of_an_unset_clock_is_refused(world: World, year: int) -> None:
    with pytest.raises(EventRejectedError, match="before the year 2000"):
        world.see(ADA, at=datetime(year, 6, 1, tzinfo=UTC))


def test_a_track_of_more_than_a_day_is_refused(world: World) -> None:
    with pytest.raises(EventRejectedError, match="24 hours"):
        world.see(ADA, lasts=timedelta(hours=24, seconds=1))


def test_a_template_of_another_model_is_refused(world: World) -> None:
    with pytest.raises(ModelVersionMismatchError):
        world.see(ADA, model_version="other-2")


def test_a_template_that_is_none_is_refused(world: World) -> None:
    with pytest.raises(EmbeddingInvalidError):
        world.see(ADA * np.float32(2))


@pytest.mark.parametrize(
    ("image", "error"),
    [
        (b"no image at all", NotAnImageError),
        (b"", NotAnImageError),
        (jpeg(portrait(1, side_px=160))[:400], NotAnImageError),
        (jpeg(portrait(1, side_px=1025)), ImageTooLargeError),
        (bytes(MAX_CROP_BYTES + 1), ImageTooLargeError),
    ],
)
def test_an_image_that_is_no_small_crop_is_refused(world: World, image: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        world.send(world.event(ADA), image)


def test_a_refused_event_leaves_nothing(world: World) -> None:
    with pytest.raises(NotAnImageError):
        world.send(world.event(ADA), b"no image at all")

    assert {table: world.count(table) for table in ("face_events", "visits", "customers", "workers")} == {
        "face_events": 0,
        "visits": 0,
        "customers": 0,
        "workers": 0,
    }
    assert not world.vector_ids()
    assert not world.raw_keys()
