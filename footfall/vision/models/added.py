"""Embedders that an operator adds to the manifest: an ONNX file of their own with what Footfall must know of it. The
bundled models are `manifest`'s; running one is `footfall.vision.embedders`'."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from footfall.errors import ConfigurationError, ModelCorruptError
from footfall.vision.models.files import sha256_of, write_in_place
from footfall.vision.models.manifest import MODELS, InputContract, Licence, ModelSpec, PreparedFile

FOLDER = "added"
"""Of the models folder: one `<version>.json` for each model, beside its ONNX file."""


class AddedModel(BaseModel):
    """A manifest entry. Crops are 112x112 and aligned to the ArcFace template; `file` lies beside the entry."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    version: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")
    file: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}\.onnx$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    colour_order: Literal["BGR", "RGB"]
    mean: float = Field(ge=0.0, le=255.0, description="Subtracted from every channel.")
    scale: float = Field(gt=0.0, le=1000.0, description="What is left is divided by this.")
    dimensions: int = Field(ge=1, le=65_536)
    mirrored: bool = False
    licence: str = Field(default="not stated", max_length=200)

    def spec(self) -> ModelSpec:
        return ModelSpec(
            name=self.version,
            task="embedder",
            version=self.version,
            source=None,
            prepared=PreparedFile(f"{FOLDER}/{self.file}", self.sha256),
            bundled_in=None,
            input=InputContract(112, 112, self.colour_order, (self.mean,) * 3, self.scale),
            output_dimension=self.dimensions,
            licence=Licence(self.licence, self.licence, "unclear", "Added by this installation's operator."),
            thresholds=None,
            required=False,
            mirrored=self.mirrored,
        )


def added_models(folder: Path) -> tuple[ModelSpec, ...]:
    """The entries in the models folder `folder`, by version. Raises ConfigurationError for one that cannot be read."""
    return tuple(_read(path).spec() for path in sorted((folder / FOLDER).glob("*.json")) if not _is_background(path))


def background_of_added(folder: Path, model_version: str) -> Path:
    """Where the score statistics of an added model lie."""
    return folder / FOLDER / f"{model_version}.background.json"


def add_model(folder: Path, source: Path, entry: AddedModel, *, trial: Callable[[Path, ModelSpec], None]) -> ModelSpec:
    """Copies the file into the models folder and enters it there, once `trial` has run it. Adding the same again
    changes nothing.

    Raises what `trial` does, ModelCorruptError for a file whose sha256 is not the entry's, ConfigurationError for a
    version that is taken by another model and for a file that cannot be read.
    """
    target = folder / FOLDER / entry.file
    if any(spec.version == entry.version for spec in MODELS):
        raise ConfigurationError(f"{entry.version} is a version of the bundled manifest.", hint="Choose another name.")
    known = {path.stem: _read(path) for path in (folder / FOLDER).glob("*.json") if not _is_background(path)}
    if entry.version in known and known[entry.version] != entry:
        raise ConfigurationError(
            f"Another model was added as {entry.version}.",
            hint="A version never changes: templates that were made with it are stored. Choose another name.",
        )
    if any(other.file == entry.file and other.sha256 != entry.sha256 for other in known.values()):
        raise ConfigurationError(f"Another file {entry.file} was added.", hint="Rename this one.")
    try:
        digest = sha256_of(source)
        if digest != entry.sha256:
            raise ModelCorruptError(
                f"{source.name} has sha256 {digest}; the entry states {entry.sha256}.",
                hint="Get the file again, or state the sha256 that its publisher gives.",
            )
        trial(source, entry.spec())
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.is_file():
            shutil.copyfile(source, target)
        document = json.dumps(entry.model_dump(), indent=1)
        write_in_place(target.with_name(f"{entry.version}.json"), f"{document}\n".encode())
    except OSError as error:
        raise ConfigurationError(f"{source.name} cannot be added: {error}.") from error
    return entry.spec()


def entry_of(stated: Mapping[str, object]) -> AddedModel:
    """A checked entry. Raises ConfigurationError naming every part that is wrong."""
    return _checked(json.dumps(dict(stated)).encode(), str(stated.get("version")))


def _read(path: Path) -> AddedModel:
    try:
        return _checked(path.read_bytes(), path.name)
    except OSError as error:
        raise ConfigurationError(f"The entry {path.name} of an added model cannot be read: {error}.") from error


def _checked(document: bytes, name: str) -> AddedModel:
    try:
        return AddedModel.model_validate_json(document)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise ConfigurationError(
            f"The entry {name} of an added model is not valid: {problems}.",
            hint="docs/recognition.md states what is in one.",
        ) from error


def _is_background(path: Path) -> bool:
    return path.name.endswith(".background.json")
