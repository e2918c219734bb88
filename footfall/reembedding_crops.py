"""Templates in another model version from stored pictures: what is made of a crop, and what is wrong with one that
gives nothing. Which pictures, and where templates go, is `footfall.reembedding`'s."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from sqlalchemy import Connection

from contracts.base import TenantId
from footfall.errors import FaceRejectedError, ImageTooLargeError, NotAnImageError, NotFoundError
from footfall.event_recheck import MOST_FACES
from footfall.photographs import templates_of
from footfall.pictures import read_picture
from footfall.services import Services
from footfall.stores.base import BucketKind
from footfall.stores.postgres.reembedding_sources import Kind, Source
from footfall.stores.postgres.reembeddings import Fault, Twin
from footfall.templates import decode_vector, encode_vector
from footfall.vision.align import CROP_PX, align
from footfall.vision.embedders.shelf import OpenedEmbedder
from footfall.vision.pipeline import VisionPipeline
from footfall.vision.types import BgrImage, Float32Array

FAULTS: Mapping[Fault, str] = MappingProxyType(
    {
        "no_image": "No picture of it was stored: it cannot be brought to another model.",
        "missing": "Its stored picture is no longer in the object store.",
        "corrupt": "Its stored picture cannot be read.",
        "no_face": "No face is found in its stored picture.",
    }
)
"""What is said of a template that could not be brought over."""


def twins_of(
    connection: Connection,
    services: Services,
    tenant_id: TenantId,
    sources: Sequence[Source],
    *,
    kind: Kind,
    model: OpenedEmbedder,
) -> list[Twin]:
    """For each source its template in the model's version, or what is wrong with its pictures. A photograph's template
    is fused with its mirror image's, as enrolment makes it.

    Raises ObjectsUnavailableError: a store that is away is no fault of the picture.
    """
    done = [Twin(source.row_id, source.twin, None) for source in sources if source.twin is not None]
    looked_at = [
        (source.row_id, _crop_of(connection, services, tenant_id, kind, source))
        for source in sources
        if source.twin is None
    ]
    done += [Twin(row_id, None, fault) for row_id, fault in looked_at if isinstance(fault, str)]
    good = [(row_id, crop) for row_id, crop in looked_at if not isinstance(crop, str)]
    crops = [crop for _, crop in good]
    vectors = templates_of(model, crops) if kind == "face" else list(model.embedder.embed(crops))
    return [
        *done,
        *(Twin(row_id, encode_vector(vector), None) for (row_id, _), vector in zip(good, vectors, strict=True)),
    ]


def face_in(vision: VisionPipeline, picture: BgrImage, sent: Float32Array, model_version: str) -> BgrImage | None:
    """The aligned (112, 112, 3) uint8 BGR crop of the face in `picture` whose template `sent` is, (512,) in
    `model_version`: of several the one most like it, for the margin around a face may show its neighbours. None without
    a face."""
    crops: list[BgrImage] = []
    found = sorted(vision.detector.detect(picture), key=lambda face: face.box.shorter_side, reverse=True)
    for face in found[:MOST_FACES]:
        try:
            crops.append(align(picture, face.landmarks))
        except FaceRejectedError:
            continue  # landmarks in one point
    if len(crops) < 2:
        return crops[0] if crops else None
    scores = vision.opened(model_version).embedder.embed(crops) @ sent
    return crops[int(scores.argmax())]


def _crop_of(
    connection: Connection, services: Services, tenant_id: TenantId, kind: Kind, source: Source
) -> BgrImage | Fault:
    """Of the first of its pictures that serves; else what is wrong with the first."""
    faults: list[Fault] = []
    for position, key in enumerate(source.keys):
        try:
            picture = services.vision.decode(
                read_picture(connection, services.objects, tenant_id, _bucket_of(kind), key)
            )
        except NotFoundError:
            faults.append("missing")
            continue
        except (NotAnImageError, ImageTooLargeError):
            faults.append("corrupt")
            continue
        if kind == "face" and position == 0:
            if picture.shape == (CROP_PX, CROP_PX, 3):
                return picture
            faults.append("corrupt")
            continue
        crop = face_in(services.vision, picture, decode_vector(source.embedding), source.model_version)
        if crop is not None:
            return crop
        faults.append("no_face")
    return faults[0] if faults else "no_image"


def _bucket_of(kind: Kind) -> BucketKind:
    return "derived" if kind == "face" else "raw"
