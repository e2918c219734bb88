"""The bundled score statistics of strangers by model version: reading the file. `benchmarks.background` makes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from footfall.calibration import Background, TailAnchor, TailShape
from footfall.errors import ConfigurationError
from footfall.vision.models.added import background_of_added
from footfall.vision.models.manifest import EMBEDDER
from footfall.vision.models.offline import MOCK_VERSIONS

_MOCK_SOURCE = "mock-1, which was never measured: for trying things, not for people"


def background_path(model_version: str) -> Path:
    """Where the statistics of a model version are bundled."""
    return Path(__file__).parent / "vision" / "models" / "backgrounds" / f"{model_version}.json"


@cache
def load_background(model_version: str, models_folder: Path | None = None) -> Background:
    """The statistics of a model version: those that are bundled, else those beside an added model in `models_folder`.
    Raises ConfigurationError for one that was never measured.

    The mock embedder borrows the default model's and says so: it is for trying things, and not for people.
    """
    if model_version in MOCK_VERSIONS:
        return replace(load_background(EMBEDDER.version), model_version=model_version, source=_MOCK_SOURCE)
    path = background_path(model_version)
    if not path.is_file() and models_folder is not None:
        path = background_of_added(models_folder, model_version)
    try:
        document: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return background_from(document)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            f"There are no score statistics of the model {model_version}, so no threshold can be stated for it.",
            hint=f"`python -m benchmarks background --model {model_version} --write` measures them over labelled "
            "photographs.",
        ) from error


def background_from(document: Mapping[str, Any]) -> Background:
    """The statistics out of the file's JSON object. Raises KeyError and TypeError for another one."""
    return Background(
        model_version=document["model_version"],
        source=document["source"],
        people=document["people"],
        photographs=document["photographs"],
        pairs=document["pairs"],
        measured_rate=document["measured_rate"],
        tail=_shape(document["tail"]),
        replicates=tuple(_shape(item) for item in document["replicates"]),
        template_anchor=TailAnchor(*document["template_anchor"]),
        bin_width=document["bin_width"],
        impostor_histogram=tuple(document["impostor_histogram"]),
        genuine_histogram=tuple(document["genuine_histogram"]),
        genuine_pairs=document["genuine_pairs"],
    )


def _shape(document: Mapping[str, Any]) -> TailShape:
    return TailShape(tuple(document["rates"]), tuple(document["scores"]), document["excess"])
