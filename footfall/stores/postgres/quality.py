"""What the checks of data quality count in the bound tenant's record. Whether a count is good is
`footfall.data_quality`'s."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class CameraHour:
    """An hour of UTC in which a camera in use made sightings. `early`: dated over five seconds after they came."""

    site: str
    camera: str
    hour: datetime
    sightings: int
    early: int


@dataclass(frozen=True, slots=True)
class ScoreMoments:
    """Of match scores (cosines). Mean and standard deviation are 0 where there are none."""

    count: int
    mean: float
    deviation: float


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event's times, and its JSON parts by column."""

    started_at: datetime
    captured_at: datetime
    ended_at: datetime
    parts: Mapping[str, JsonValue]


_CAMERA_HOURS = text("""
    select
        s.name as site, c.name as camera, date_trunc('hour', e.captured_at) as hour, count(*) as sightings,
        count(*) filter (where e.captured_at > e.received_at + interval '5 seconds') as early
    from footfall.sites as s
    inner join footfall.cameras as c on c.tenant_id = s.tenant_id and c.site_id = s.site_id and c.enabled
    inner join footfall.face_events as e
        on e.tenant_id = c.tenant_id and e.site_id = c.site_id and e.camera_id = c.camera_id
        and e.captured_at >= :since
    group by s.name, c.name, date_trunc('hour', e.captured_at)
""")

_SCORES = text("""
    select
        captured_at >= :split as lately, count(*) as found, avg(score) as mean,
        coalesce(stddev_samp(score), 0) as deviation
    from footfall.face_events
    where captured_at >= :since and decision = 'staff' and score is not null
    group by captured_at >= :split
""")


def slug(connection: Connection) -> str | None:
    """The tenant's, or None for one that was deleted."""
    found: str | None = connection.execute(text("select slug from footfall.tenants")).scalar_one_or_none()
    return found


def camera_hours(connection: Connection, *, since: datetime) -> list[CameraHour]:
    return [CameraHour(*row) for row in connection.execute(_CAMERA_HOURS, {"since": since})]


def staff_scores(connection: Connection, *, since: datetime, split: datetime) -> tuple[ScoreMoments, ScoreMoments]:
    """Of sightings of staff from `split` on, and of those between `since` and `split`."""
    found = {
        row.lately: ScoreMoments(row.found, float(row.mean), float(row.deviation))
        for row in connection.execute(_SCORES, {"since": since, "split": split})
    }
    none = ScoreMoments(0, 0.0, 0.0)
    return found.get(True, none), found.get(False, none)


def latest_events(connection: Connection, *, limit: int) -> list[StoredEvent]:
    """At most so many, of each site the latest."""
    rows = connection.execute(
        text(
            "select e.started_at, e.captured_at, e.ended_at, e.box, e.quality, e.pipeline from footfall.sites as s"
            " cross join lateral (select * from footfall.face_events as of_site where of_site.tenant_id = s.tenant_id"
            " and of_site.site_id = s.site_id order by of_site.captured_at desc limit :limit) as e limit :limit"
        ),
        {"limit": limit},
    )
    return [
        StoredEvent(
            row.started_at,
            row.captured_at,
            row.ended_at,
            {"box": row.box, "quality": row.quality, "pipeline": row.pipeline},
        )
        for row in rows
    ]
