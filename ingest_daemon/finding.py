"""Faces of some regions of a frame, as if the whole had been searched. Which regions is `lookout`'s decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from footfall.vision.detectors.geometry import suppressed
from footfall.vision.types import BgrImage, Box, DetectedFace, Detector
from ingest_daemon.regions import Region, Scene, around


def faces_in(detector: Detector, image: BgrImage, regions: Sequence[Region]) -> tuple[list[DetectedFace], list[Region]]:
    """Faces in pixels of the frame, best score first, each once; and all regions that were searched.

    A face that a region's edge cuts through is looked for once more, with its surroundings.
    """
    height, width = image.shape[:2]
    found: list[DetectedFace] = []
    again: list[Region] = []
    for region in regions:
        for face in _detected(detector, image, region):
            if region.cuts(face.box, width, height):
                again.append(around(face.box, Scene(width, height, region.scale)))
            else:
                found.append(face)
    for region in again:
        found += [face for face in _detected(detector, image, region) if not region.cuts(face.box, width, height)]
    if len(regions) + len(again) > 1:
        found = _each_once(found)
    return found, [*regions, *again]


def _detected(detector: Detector, image: BgrImage, region: Region) -> list[DetectedFace]:
    part = image[region.top : region.bottom, region.left : region.right]
    return [_moved(face, region) for face in detector.detect(part, long_side_px=region.long_side_px)]


def _moved(face: DetectedFace, region: Region) -> DetectedFace:
    box = face.box
    shift = np.array([region.left, region.top], dtype=np.float32)
    return replace(
        face,
        box=Box(box.x + region.left, box.y + region.top, box.width, box.height),
        landmarks=face.landmarks + shift,
    )


def _each_once(faces: Sequence[DetectedFace]) -> list[DetectedFace]:
    if not faces:
        return []
    boxes = np.array([[face.box.x, face.box.y, face.box.width, face.box.height] for face in faces])
    return [faces[index] for index in suppressed(boxes, np.array([face.score for face in faces]))]
