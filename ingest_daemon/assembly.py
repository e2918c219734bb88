"""One camera's pipeline out of settings, camera configuration and vision. Nothing runs here."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from contracts.events import Pipeline
from contracts.places import Camera
from footfall.errors import ModelVersionMismatchError
from footfall.matching import LIKE_FACE_FAR, SAME_FACE_FAR, threshold_at
from footfall.settings import Settings
from footfall.vision.pipeline import VisionPipeline
from ingest_daemon.continuity import LikenessPolicy
from ingest_daemon.events import Lineage, random_ids, replayable_ids
from ingest_daemon.pipeline import CameraPipeline
from ingest_daemon.sources.base import Source
from ingest_daemon.sources.files import PictureFolder
from ingest_daemon.tally import Tally
from ingest_daemon.tracks import TrackPolicy


def assemble(
    camera: Camera, vision: VisionPipeline, source: Source, settings: Settings, tally: Tally
) -> CameraPipeline:
    """The pipeline of `camera` as the settings and the tenant's privacy mode want it."""
    ingest = settings.ingest
    policy = TrackPolicy(
        sure_after=timedelta(seconds=ingest.sure_after_seconds),
        lost_after=timedelta(seconds=ingest.lost_after_seconds),
    )
    if isinstance(source, PictureFolder):
        # A person may be on a single picture; nothing flickers between pictures.
        policy = replace(policy, looks_clear=1, looks_other=1)
    fingerprint = source.fingerprint
    return CameraPipeline(
        vision,
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
        track_policy=policy,
        likeness_policy=LikenessPolicy(
            agree_at=threshold_at(vision.thresholds, LIKE_FACE_FAR),
            same_at=threshold_at(vision.thresholds, SAME_FACE_FAR),
            matching=camera.privacy_mode != "count_only",
        ),
        tally=tally,
    )


def check_model_version(camera: Camera, vision: VisionPipeline) -> None:
    """Raises ModelVersionMismatchError when the server could not compare what this worker embeds."""
    own = vision.embedder.model_version
    if camera.privacy_mode != "count_only" and camera.model_version != own:
        raise ModelVersionMismatchError(
            f"The server matches {camera.model_version}; this worker embeds with {own}.",
            hint="Install the same version of Footfall here and there, or set FOOTFALL_OFFLINE alike.",
        )
