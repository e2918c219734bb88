"""The manifest: every model Footfall can run, with its hashes, input, licences, thresholds and sources. Data only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from footfall.errors import ConfigurationError
from footfall.vision.models.sources import NpmMember, PinnedFile, UrlSource
from footfall.vision.types import ThresholdTable

Task = Literal["detector", "embedder", "liveness"]


@dataclass(frozen=True, slots=True)
class InputContract:
    """What the network wants: NCHW float32, (x - mean) / scale. Sides in pixels, None where any size goes."""

    height_px: int | None
    width_px: int | None
    colour_order: Literal["BGR", "RGB"]
    mean: tuple[float, float, float]
    scale: float


@dataclass(frozen=True, slots=True)
class Licence:
    """`commercial_use` is about the weights: `clear` where their publisher's licence allows it in words."""

    code: str
    weights: str
    commercial_use: Literal["clear", "unclear"]
    note: str


@dataclass(frozen=True, slots=True)
class AttackRates:
    """ISO/IEC 30107-3 error rates of a liveness model, each a figure with its conditions or `not measured`. APCER:
    attacks taken for live faces. BPCER: live faces taken for attacks."""

    apcer: str
    bpcer: str
    note: str


@dataclass(frozen=True, slots=True)
class PreparedFile:
    """What `prepare` makes of the source file: the file that is kept, loaded and verified."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One model. `source` is None where the weights live inside an installed package (`bundled_in`)."""

    name: str
    task: Task
    version: str
    source: PinnedFile | None
    prepared: PreparedFile | None
    bundled_in: str | None
    input: InputContract
    output_dimension: int | None
    licence: Licence
    thresholds: ThresholdTable | None
    required: bool
    attack_rates: AttackRates | None = None
    mirrored: bool = False
    """An embedder's: the template is the mean of the crop's and its mirror image's."""

    @property
    def local_name(self) -> str | None:
        """Name of the file that is loaded, in the models folder; None for bundled weights."""
        if self.prepared is not None:
            return self.prepared.name
        return self.source.name if self.source is not None else None

    @property
    def local_sha256(self) -> str | None:
        if self.prepared is not None:
            return self.prepared.sha256
        return self.source.sha256 if self.source is not None else None


EMBEDDER = ModelSpec(
    name="arcface-mbf-512",
    task="embedder",
    version="arcface-mbf-512-v1",
    source=PinnedFile(
        name="fr_feature.onnx",
        sha256="87aacdfe57510db2af90c0251df680e8eec88f122ee94712121d09bcaaaf3581",
        size_bytes=4_884_269,
        sources=(
            NpmMember(
                package="faceplugin-face-recognition-js",
                version="0.0.1",
                archive_sha256="7ea06031d9a3f83753254fcff60506a07b81b46fc84d4ee024cd041f260ec1ba",
                member="package/model/fr_feature.onnx",
            ),
        ),
    ),
    prepared=PreparedFile(
        name="arcface-mbf-512-v1.onnx", sha256="542a72c3f0367853ce484a745763557b804ba43e6fde8a623067040c71414afe"
    ),
    bundled_in=None,
    input=InputContract(112, 112, "BGR", (127.5, 127.5, 127.5), 128.0),
    output_dimension=512,
    licence=Licence(
        code="MIT",
        weights="MIT (the package's)",
        commercial_use="unclear",
        note="MobileFaceNet trained with ArcFace loss. The package is MIT, but says nothing of the photographs "
        "that the weights were trained on; face sets of that kind are mostly for research only.",
    ),
    thresholds=ThresholdTable(
        source="arcface-mbf-512-v1 on the whole of LFW, 3 million random impostor pairs",
        points=((1e-5, 0.487), (1e-4, 0.418), (1e-3, 0.342)),
    ),
    required=True,
)

MIRRORED_EMBEDDER = replace(
    EMBEDDER,
    name="arcface-mbf-512-mirrored",
    version="arcface-mbf-512-mirrored-v1",
    thresholds=ThresholdTable(
        source="arcface-mbf-512-mirrored-v1 on half of LFW, 5.9 million impostor pairs",
        points=((1e-5, 0.475), (1e-4, 0.410), (1e-3, 0.335)),
    ),
    required=False,
    mirrored=True,
)
"""The same weights with another template: every crop is embedded twice. LFW 99.12 -> 99.37 %, at twice the time."""

YUNET = ModelSpec(
    name="yunet",
    task="detector",
    version="yunet-2026may",
    source=PinnedFile(
        name="face_detection_yunet_2026may.onnx",
        sha256="ebafce4e3c118d6554634be5c27ab333b4c047a9a8c3faf1d7cf93101c22f0f0",
        size_bytes=229_738,
        sources=(
            UrlSource(
                "https://github.com/opencv/opencv_zoo/raw/main/models/face_detection_yunet/"
                "face_detection_yunet_2026may.onnx"
            ),
        ),
    ),
    prepared=None,
    bundled_in=None,
    input=InputContract(None, None, "BGR", (0.0, 0.0, 0.0), 1.0),
    output_dimension=None,
    licence=Licence(
        code="MIT",
        weights="MIT (OpenCV Zoo)",
        commercial_use="clear",
        note="Trained on WIDER FACE, whose photographs are for research; the weights' own licence is MIT.",
    ),
    thresholds=None,
    required=False,
)

YUFACE = ModelSpec(
    name="yuface",
    task="detector",
    version="yuface-2023.5",
    source=None,
    prepared=None,
    bundled_in="yuface",
    input=InputContract(None, None, "BGR", (0.0, 0.0, 0.0), 1.0),
    output_dimension=None,
    licence=Licence(
        code="BSD-3-Clause (libfacedetection)",
        weights="BSD-3-Clause (compiled in)",
        commercial_use="clear",
        note="YuNet's C++ build with its weights inside; stands in where no source of the ONNX answers.",
    ),
    thresholds=None,
    required=False,
)

RETINAFACE = ModelSpec(
    name="retinaface",
    task="detector",
    version="retinaface-mnet025",
    source=PinnedFile(
        name="retinaface_mnet025.onnx",
        sha256="f8cce06cdfa5d2a07a8378c8cff4c4f33f0b00a3f24d9ef53042ff591a881eb7",
        size_bytes=1_709_521,
        sources=(),
    ),
    prepared=None,
    bundled_in=None,
    input=InputContract(640, 640, "BGR", (104.0, 117.0, 123.0), 1.0),
    output_dimension=None,
    licence=Licence(
        code="MIT",
        weights="MIT (biubug6/Pytorch_Retinaface)",
        commercial_use="clear",
        note="Comes from a mirror alone: no registry or upstream holds this file. Trained on WIDER FACE.",
    ),
    thresholds=None,
    required=False,
)

LIVENESS = ModelSpec(
    name="fr-liveness",
    task="liveness",
    version="fr-liveness-128-v1",
    source=PinnedFile(
        name="fr_liveness.onnx",
        sha256="afa783b7e902fdfcf323a7240cac2a1c580c25314ea4161129dc1b0d100dc32d",
        size_bytes=1_886_811,
        sources=(
            NpmMember(
                package="faceplugin-face-recognition-js",
                version="0.0.1",
                archive_sha256="7ea06031d9a3f83753254fcff60506a07b81b46fc84d4ee024cd041f260ec1ba",
                member="package/model/fr_liveness.onnx",
            ),
        ),
    ),
    prepared=None,
    bundled_in=None,
    input=InputContract(128, 128, "BGR", (0.0, 0.0, 0.0), 1.0),
    output_dimension=3,
    licence=Licence(
        code="MIT",
        weights="MIT (the package's)",
        commercial_use="unclear",
        note="A small three-class network (live, print, screen). The package is MIT, but says nothing of what the "
        "weights were trained on.",
    ),
    thresholds=None,
    required=False,
    attack_rates=AttackRates(
        apcer="not measured",
        bpcer="0.6 % on 1000 photographs of LFW, scores under 0.5",
        note="There is no set of real attacks here, and of made-up screen replays 95 % pass. Its verdict is a note in "
        "the record and no lock: leave it off where somebody would rely on it.",
    ),
)

MODELS: tuple[ModelSpec, ...] = (EMBEDDER, MIRRORED_EMBEDDER, YUNET, YUFACE, RETINAFACE, LIVENESS)


def model(name: str, manifest: Sequence[ModelSpec] = MODELS) -> ModelSpec:
    """The model of that name. Raises ConfigurationError naming the ones there are."""
    for spec in manifest:
        if spec.name == name:
            return spec
    raise ConfigurationError(
        f"There is no model named {name!r}.", hint=f"The manifest holds: {', '.join(spec.name for spec in manifest)}."
    )
