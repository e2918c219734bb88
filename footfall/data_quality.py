"""Whether the data that come in are as they used to be: silent cameras, floods, wrong clocks, drifting scores and
events that no longer parse. Pure but for `measure`; what follows from a finding is the operators' business."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from pydantic import BaseModel, JsonValue, ValidationError
from sqlalchemy import Engine

from contracts.base import FaceBox, FaceQualityReport, TenantId
from contracts.events import Pipeline
from footfall.stores.postgres import quality as table
from footfall.stores.postgres.quality import CameraHour, ScoreMoments, StoredEvent
from footfall.tenancy import tenant_transaction

HISTORY = timedelta(days=28)
RECENT = timedelta(days=1)

_LEAST_HOURS_OF_HISTORY = 24
_SILENCE_FACTOR = 1.5
_SILENCE_SLACK = timedelta(hours=6)
_FLOOD_FACTOR = 5
_LEAST_FLOOD = 500
_EARLY_SHARE = 0.01
_LEAST_SCORES = 30
_DRIFT_STANDARD_ERRORS = 4.0
_LEAST_DRIFT = 0.05
_PARTS: Mapping[str, type[BaseModel]] = {"box": FaceBox, "quality": FaceQualityReport, "pipeline": Pipeline}


@dataclass(frozen=True, slots=True)
class TenantData:
    """What the checks look at, of one tenant: hours with sightings of the last four weeks, match scores of staff in the
    last day and before it, and the latest events as they are stored."""

    slug: str
    camera_hours: Sequence[CameraHour]
    scores_lately: ScoreMoments
    scores_before: ScoreMoments
    latest_events: Sequence[StoredEvent]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be. Names tenant and camera; nobody's face, id or image."""

    tenant: str
    about: str
    says: str


def measure(engine: Engine, tenant_ids: Iterable[TenantId], now: datetime) -> Iterator[TenantData]:
    """Reads one tenant after the other, each in a transaction of its own. Raises PostgresUnavailableError."""
    for tenant_id in tenant_ids:
        with tenant_transaction(engine, tenant_id) as connection:
            slug = table.slug(connection)
            if slug is None:
                continue
            lately, before = table.staff_scores(connection, since=now - HISTORY, split=now - RECENT)
            yield TenantData(
                slug=slug,
                camera_hours=table.camera_hours(connection, since=now - HISTORY),
                scores_lately=lately,
                scores_before=before,
                latest_events=table.latest_events(connection, limit=1000),
            )


def silent_cameras(data: TenantData, now: datetime) -> Iterator[Finding]:
    """Cameras that saw nobody for half as long again, and six hours, as their longest pause of the last four weeks.

    What is usual comes from the camera itself: a shop is empty on Sunday, a hotel is not. A camera with sightings in
    fewer than 24 different hours has no usual pause yet.
    """
    for name, hours in _by_camera(data).items():
        if len(hours) < _LEAST_HOURS_OF_HISTORY:
            continue
        times = [hour.hour for hour in hours]
        usual = max(after - before for before, after in pairwise(times))
        silent = now - times[-1]
        if silent > usual * _SILENCE_FACTOR + _SILENCE_SLACK:
            yield Finding(
                data.slug,
                f"camera {name}",
                f"saw nobody for {_hours(silent)}; its longest pause in four weeks was {_hours(usual)}",
            )


def floods(data: TenantData, now: datetime) -> Iterator[Finding]:
    """Cameras with an hour in the last day of five times as many sightings as any hour before it, and 500 at least: a
    poster in the picture, a fault of the tracker, or an event sent again and again."""
    for name, hours in _by_camera(data).items():
        before = [hour.sightings for hour in hours if hour.hour < now - RECENT]
        lately = [hour.sightings for hour in hours if hour.hour >= now - RECENT]
        if len(before) < _LEAST_HOURS_OF_HISTORY or not lately:
            continue
        if max(lately) >= max(_LEAST_FLOOD, _FLOOD_FACTOR * max(before)):
            yield Finding(
                data.slug,
                f"camera {name}",
                f"made {max(lately)} sightings in one hour; the most in four weeks before were {max(before)}",
            )


def clocks_ahead(data: TenantData, now: datetime) -> Iterator[Finding]:
    """Cameras of which over one in a hundred sightings of the last day is dated after its arrival: their clock is
    wrong, and so are the visits' times."""
    for name, hours in _by_camera(data).items():
        lately = [hour for hour in hours if hour.hour >= now - RECENT]
        sightings, early = sum(hour.sightings for hour in lately), sum(hour.early for hour in lately)
        if early > sightings * _EARLY_SHARE:
            yield Finding(
                data.slug,
                f"camera {name}",
                f"dated {early} of {sightings} sightings of the last day in the future: set its host's clock by NTP",
            )


def drifting_scores(data: TenantData) -> Iterator[Finding]:
    """The mean score by which staff are recognised moved by more than four standard errors, and 0.05 at least: another
    camera, another light, or photographs that have aged."""
    lately, before = data.scores_lately, data.scores_before
    if min(lately.count, before.count) < _LEAST_SCORES:
        return
    moved = lately.mean - before.mean
    error = before.deviation * math.sqrt(1 / lately.count + 1 / before.count)
    if abs(moved) >= _LEAST_DRIFT and abs(moved) > _DRIFT_STANDARD_ERRORS * error:
        yield Finding(
            data.slug,
            "recognition of staff",
            f"scores {lately.mean:.3f} on average since yesterday instead of {before.mean:.3f} in four weeks before",
        )


def unparsable_events(data: TenantData) -> Iterator[Finding]:
    """Stored events whose parts are no longer what `Event.FaceDetected.v1` says: counted by part, not shown."""
    faults: dict[str, int] = {}
    for event in data.latest_events:
        for part, contract in _PARTS.items():
            if not _parses(contract, event.parts.get(part)):
                faults[part] = faults.get(part, 0) + 1
        if not event.started_at <= event.captured_at <= event.ended_at:
            faults["times"] = faults.get("times", 0) + 1
    for part, count in sorted(faults.items()):
        yield Finding(
            data.slug, f"face_events.{part}", f"does not parse in {count} of {len(data.latest_events)} events"
        )


def _parses(contract: type[BaseModel], stored: JsonValue) -> bool:
    try:
        contract.model_validate(stored)
    except ValidationError:
        return False
    return True


def _by_camera(data: TenantData) -> dict[str, list[CameraHour]]:
    """Each camera's hours in order of time."""
    cameras: dict[str, list[CameraHour]] = {}
    for hour in sorted(data.camera_hours, key=lambda hour: hour.hour):
        cameras.setdefault(f"{hour.site} / {hour.camera}", []).append(hour)
    return cameras


def _hours(span: timedelta) -> str:
    return f"{span.total_seconds() / 3600:.0f} hours"
