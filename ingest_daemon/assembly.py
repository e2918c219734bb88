"""One camera's pipeline out of settings, camera configuration and vision. Nothing runs here."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from contracts.events import Pipeline
from contracts.places import Camera
from footfall.errors import ConfigurationError, ModelError, ModelVersionMismatchError
from footfall.matching import LIKE_FACE_FAR, SAME_FACE_FAR, threshold_at
from footfall.settings import Settings
from footfall.vision.pipeline import VisionPipeline
from ingest_daemon.continuity import LikenessPolicy
from ingest_daemon.events import Lineage, random_ids, replayable_ids
from ingest_daemon.operated import Tuning
from ingest_daemon.pipeline import CameraPipeline, StaffLookup, nobody
from ingest_daemon.sources.base import Source
from ingest_daemon.sources.files import PictureFolder
from ingest_daemon.tally import Tally
from ingest_daemon.tracks import TrackPolicy


def assemble(
    camera: Camera,
    vision: VisionPipeline,
    source: Source,
    settings: Settings,
    tally: Tally,
    *,
    staff: StaffLookup = nobody,
) -> CameraPipeline:
    """The pipeline of `camera` as its own record, the settings and the tenant's privacy mode want it."""
    times = times_of(camera, tuning_of(settings))
    ingest = settings.ingest
    fingerprint = source.fingerprint
    pipeline = CameraPipeline(
        vision,
        staff=staff,
        lineage=Lineage(
            camera_id=camera.camera_id,
            worker=ingest.worker,
            model_version=vision.embedder.model_version,
            pipeline=Pipeline(
                detector=vision.detector.name,
                embedder=vision.embedder.model_version,
                backend=vision.embedder.backend,
            ),
        ),
        event_ids=random_ids() if fingerprint is None else replayable_ids(camera.camera_id, fingerprint),
        track_policy=track_policy(times, source),
        likeness_policy=LikenessPolicy(
            agree_at=threshold_at(vision.thresholds, LIKE_FACE_FAR),
            same_at=threshold_at(vision.thresholds, SAME_FACE_FAR),
            matching=camera.privacy_mode != "count_only",
        ),
        tally=tally,
        every_seconds=every_seconds(times, source),
    )
    pipeline.set_mode(camera.privacy_mode)
    return pipeline


def tuning_of(settings: Settings) -> Tuning:
    """What every camera starts with."""
    ingest = settings.ingest
    return Tuning(
        detect_every_seconds=ingest.detect_every_seconds,
        sure_after_seconds=ingest.sure_after_seconds,
        lost_after_seconds=ingest.lost_after_seconds,
        cpu_limit_cores=ingest.cpu_limit_cores,
    )


def times_of(camera: Camera, tuning: Tuning) -> Tuning:
    """`tuning` with what the camera's own record says instead."""
    own = camera.settings.model_dump(exclude_none=True)
    return replace(tuning, **own)


def track_policy(times: Tuning, source: Source) -> TrackPolicy:
    policy = TrackPolicy(
        sure_after=timedelta(seconds=times.sure_after_seconds),
        lost_after=timedelta(seconds=times.lost_after_seconds),
    )
    if isinstance(source, PictureFolder):
        # A person may be on a single picture; nothing flickers between pictures.
        return replace(policy, looks_clear=1, looks_other=1, lasting=timedelta())
    return policy


def every_seconds(times: Tuning, source: Source) -> float:
    """How far apart the frames are that the pipeline looks at: a live source gives its newest frame when it is due,
    of a file every frame comes."""
    return 0.0 if source.live else times.detect_every_seconds


def follow_model(cameras: Iterable[Camera], vision: VisionPipeline) -> None:
    """Has the worker embed with what the server serves, where this machine has it: `check_model_version` says
    otherwise."""
    served = {camera.model_version for camera in cameras if camera.privacy_mode != "count_only"}
    for model_version in served:
        with suppress(ConfigurationError, ModelError):
            vision.serve(model_version)


def check_model_version(camera: Camera, vision: VisionPipeline) -> None:
    """Raises ModelVersionMismatchError when the server could not compare what this worker embeds."""
    own = vision.embedder.model_version
    if camera.privacy_mode != "count_only" and camera.model_version != own:
        raise ModelVersionMismatchError(
            f"The server matches {camera.model_version}; this worker embeds with {own}.",
            hint="Install the same version of Footfall and the same models here and there (`footfall models list`), or "
            "set FOOTFALL_OFFLINE alike.",
        )
