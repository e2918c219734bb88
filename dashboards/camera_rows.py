"""Workers and cameras as rows and words: pure functions of the API's records. No widget and no page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import pandas as pd

from contracts.commands import (
    Command,
    ConfigResult,
    GalleryResult,
    RecognitionTestOutcome,
    SnapshotResult,
    SwitchResult,
)
from contracts.mart_reports import CameraDayRow
from contracts.places import Camera
from contracts.workers import CameraHealth, Worker
from dashboards.day_charts import LONGEST_DAY

STATE_ICONS = {
    "Online": "🟢", "Stopped": "⏸️", "Away": "🟠", "Offline": "🔴", "Not registered": "⚪", "No worker": "⚪",
}  # fmt: skip
COMMAND_ICONS = {
    "queued": "⏳", "sent": "📤", "acknowledged": "📥", "running": "⚙️", "succeeded": "✅", "failed": "❌",
    "expired": "⌛",
}  # fmt: skip


def camera_state(worker: Worker | None, health: CameraHealth | None) -> str:
    """A key of STATE_ICONS. What a worker said before it went offline is no longer so."""
    if worker is None:
        return "No worker"
    if worker.status == "pending":
        return "Not registered"
    if worker.status != "online" or health is None:
        return "Offline"
    if not health.running:
        return "Stopped"
    return "Online" if health.connected else "Away"


def cameras_frame(
    cameras: Sequence[Camera], workers: Sequence[Worker], sites: Mapping[UUID, str], now: datetime
) -> pd.DataFrame:
    """One row a camera, those that need somebody first."""
    watching = {camera_id: worker for worker in workers for camera_id in worker.camera_ids}
    rows = []
    for camera in cameras:
        worker = watching.get(camera.camera_id)
        said = {one.camera_id: one for one in worker.cameras} if worker else {}
        health = said.get(camera.camera_id)
        state = camera_state(worker, health)
        shown = health if state in {"Online", "Away", "Stopped"} else None
        rows.append(
            {
                "State": f"{STATE_ICONS[state]} {state}",
                "Camera": camera.name,
                "Site": sites.get(camera.site_id, ""),
                "Worker": worker.name if worker else "–",
                "Frames a second": shown.fps if shown else None,
                "Last frame": ago(health.last_frame_at if health else None, now),
                "Trouble": trouble_of(camera, shown),
            }
        )
    rows.sort(key=lambda row: (str(row["State"]).endswith("Online"), str(row["Site"]), str(row["Camera"])))
    columns = ["State", "Camera", "Site", "Worker", "Frames a second", "Last frame", "Trouble"]
    return pd.DataFrame(rows, columns=columns)


def camera_days_frame(rows: Sequence[CameraDayRow]) -> pd.DataFrame:
    """One row a camera and day, the latest first. Shares are of the sightings; a count that was left out has none."""
    latest_first = sorted(rows, key=lambda row: row.bucket_start.date(), reverse=True)
    return pd.DataFrame(
        [
            {
                "Day": row.bucket_start.date(),
                "Camera": row.camera_name or "a camera that is gone",
                "Site": row.site_name,
                "Sightings": row.sightings,
                "Poor quality": _share(row.poor_quality_sightings, row.sightings),
                "Unsure": _share(row.unsure_sightings, row.sightings),
                "Quality": row.mean_quality_score,
                "Delay (s)": row.median_delay_seconds,
                "Late": row.late_sightings,
                "Clock ahead": row.sightings_from_the_future,
            }
            for row in latest_first
        ],
        columns=[
            "Day", "Camera", "Site", "Sightings", "Poor quality", "Unsure", "Quality", "Delay (s)", "Late",
            "Clock ahead",
        ],
    )  # fmt: skip


def silent_cameras(rows: Sequence[CameraDayRow], cameras: Sequence[Camera], as_of: datetime) -> list[str]:
    """Names of the cameras that saw nobody on the latest whole day on which another one of their site saw somebody:
    in the morning nobody may have come by yet. A camera that was not there when the day began is no case of it."""
    whole_days = [row for row in rows if row.bucket_start + LONGEST_DAY <= as_of]
    latest: dict[UUID, datetime] = {}
    for row in whole_days:
        latest[row.site_id] = max(row.bucket_start, latest.get(row.site_id, row.bucket_start))
    seeing = {row.camera_id for row in whole_days if row.bucket_start == latest[row.site_id]}
    return [
        camera.name
        for camera in cameras
        if camera.enabled
        and camera.site_id in latest
        and camera.created_at <= latest[camera.site_id]
        and camera.camera_id not in seeing
    ]


def trouble_of(camera: Camera, health: CameraHealth | None) -> str:
    if not camera.enabled:
        return "disabled"
    if health is None:
        return ""
    words = [word for word, is_so in (("covered or black", health.occluded), ("blurred", health.blurred)) if is_so]
    return ", ".join(words) or (health.trouble or "")


def ago(moment: datetime | None, now: datetime) -> str:
    """`12 s ago`, `3 min ago`, `5 h ago`, `2 days ago`; a dash for never."""
    if moment is None:
        return "–"
    seconds = max(0, int((now - moment).total_seconds()))
    for size, word in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {word} ago"
    return f"{seconds} s ago"


def bytes_text(count: int) -> str:
    for size, word in ((1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB")):
        if count >= size:
            return f"{count / size:.1f} {word}"
    return f"{count} B"


def commands_frame(commands: Sequence[Command], cameras: Mapping[UUID, str], now: datetime) -> pd.DataFrame:
    rows = [
        {
            "Given": ago(command.created_at, now),
            "Command": command.command.kind,
            "Camera": cameras.get(getattr(command.command, "camera_id", None) or UUID(int=0), ""),
            "State": f"{COMMAND_ICONS[command.state]} {command.state}",
            "Took": _took(command),
            "Result": result_text(command),
        }
        for command in commands
    ]
    return pd.DataFrame(rows, columns=["Given", "Command", "Camera", "State", "Took", "Result"])


def result_text(command: Command) -> str:
    """What came of it, in a few words."""
    if command.error:
        return command.error
    words = ""
    match command.result:
        case SnapshotResult(width=width, height=height, faces_hidden=hidden):
            words = f"{width} x {height}" + (f", {hidden} faces hidden" if hidden else "")
        case RecognitionTestOutcome(faces=faces, milliseconds=milliseconds):
            good = sum(face.acceptable for face in faces)
            words = f"{len(faces)} faces, {good} good enough, {milliseconds:.0f} ms"
        case GalleryResult(templates=templates):
            words = f"{templates} templates"
        case ConfigResult(pinned=pinned, after_restart=waiting):
            notes = [f"pinned on the host: {', '.join(pinned)}"] if pinned else []
            notes += [f"after a restart: {', '.join(waiting)}"] if waiting else []
            words = "; ".join(notes) or "in force"
        case SwitchResult(camera_ids=switched):
            words = f"{len(switched)} camera{'s' if len(switched) != 1 else ''}"
    return words


def _took(command: Command) -> str:
    if command.finished_at is None or command.state == "expired":
        return ""
    return f"{(command.finished_at - command.created_at).total_seconds():.1f} s"


def _share(part: int | None, whole: int | None) -> float | None:
    return None if part is None or not whole else part / whole
