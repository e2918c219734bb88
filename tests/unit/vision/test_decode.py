"""What becomes of uploaded bytes: whole pictures become upright BGR pixels, all else is refused with a reason."""

from __future__ import annotations

import struct
import tracemalloc

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import ImageTooLargeError, InputError, NotAnImageError
from footfall.settings import VisionSettings
from footfall.vision.decode import decode
from footfall.vision.headers import MAX_JPEG_SCANS, read_header
from tests.unit.vision.images import encoded, pattern, png_claiming, with_exif_orientation

LIMITS = VisionSettings()

FILES = {
    "JPEG": encoded(pattern(), ".jpg"),
    "progressive JPEG": encoded(pattern(), ".jpg", cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
    "JPEG with restarts": encoded(pattern(), ".jpg", cv2.IMWRITE_JPEG_RST_INTERVAL, 2),
    "PNG": encoded(pattern(), ".png"),
    "WebP": encoded(pattern(), ".webp", cv2.IMWRITE_WEBP_QUALITY, 90),
    "lossless WebP": encoded(pattern(), ".webp", cv2.IMWRITE_WEBP_QUALITY, 101),
    "BMP": encoded(pattern(), ".bmp"),
}


@pytest.fixture(params=FILES)
def whole(request: pytest.FixtureRequest) -> bytes:
    return FILES[request.param]


def test_a_whole_file_becomes_its_pixels(whole: bytes) -> None:
    image = decode(whole, LIMITS)
    assert image.shape == (120, 160, 3)
    assert image.dtype == np.uint8
    assert np.abs(image.astype(int) - pattern()).mean() < 4


def test_a_file_that_breaks_off_is_refused(whole: bytes) -> None:
    for length in (len(whole) - 1, len(whole) * 2 // 3, len(whole) // 3, 30, 12, 3):
        with pytest.raises(NotAnImageError):
            decode(whole[:length], LIMITS)


def test_bytes_after_the_end_do_no_harm(whole: bytes) -> None:
    """Some cameras append a preview or their own notes."""
    assert decode(whole + b"trailing notes", LIMITS).shape == (120, 160, 3)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"no image at all, but text", "no image"),
        (b"GIF89a" + bytes(40), "no image"),
        (b"\x00\x00\x00\x18ftypmp42" + bytes(40), "no image"),
        (b"%PDF-1.7" + bytes(40), "no image"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "no image"),
        (b"RIFF\x10\x00\x00\x00WEBPJUNK" + bytes(20), "begin with a picture"),
        (b"\xff\xd8\xff\xd9", "no picture"),
        (b"BM", "breaks off"),
    ],
)
def test_what_is_no_picture_is_refused_by_name(data: bytes, said: str) -> None:
    with pytest.raises(NotAnImageError, match=said):
        decode(data, LIMITS)


@pytest.mark.parametrize(("orientation", "corner"), [(1, (0, 0)), (3, (-1, -1)), (6, (0, -1)), (8, (-1, 0))])
def test_the_exif_orientation_is_honoured(orientation: int, corner: tuple[int, int]) -> None:
    """The red square lies in the corner that was the top left one before the camera was turned."""
    image = decode(with_exif_orientation(FILES["JPEG"], orientation), LIMITS)
    assert image.shape[:2] == ((120, 160) if orientation in (1, 3) else (160, 120))
    at = (3 if corner[0] == 0 else -4, 3 if corner[1] == 0 else -4)
    blue, green, red = (int(value) for value in image[at])
    assert (red > 200, green < 60, blue < 60) == (True, True, True)


def test_grey_becomes_bgr_and_alpha_is_dropped() -> None:
    grey = pattern()[:, :, 1]
    from_grey = decode(encoded(grey, ".png"), LIMITS)
    assert from_grey.shape == (120, 160, 3)
    assert (from_grey == grey[:, :, None]).all()
    with_alpha = np.dstack([pattern(), np.full((120, 160), 128, dtype=np.uint8)])
    assert (decode(encoded(with_alpha, ".png"), LIMITS) == pattern()).all()


def test_sixteen_bits_become_eight() -> None:
    deep = pattern().astype(np.uint16) * 257
    written, data = cv2.imencode(".png", deep)
    assert written
    assert (decode(data.tobytes(), LIMITS) == pattern()).all()


def test_a_file_over_the_byte_limit_is_refused() -> None:
    with pytest.raises(ImageTooLargeError, match="10,001 bytes, over the limit of 10,000"):
        decode(bytes(10_001), VisionSettings(max_image_bytes=10_000))


@pytest.mark.parametrize(("width", "height"), [(30_000, 30_000), (65_000, 700), (4_294_967_295, 4_294_967_295)])
def test_a_bomb_is_refused_before_it_unfolds(width: int, height: int) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(ImageTooLargeError, match=f"{width}x{height}"):
            decode(png_claiming(width, height), LIMITS)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


def test_the_pixel_limit_is_the_settings() -> None:
    with pytest.raises(ImageTooLargeError, match="over the limit of 10,000"):
        decode(FILES["JPEG"], VisionSettings(max_image_pixels=10_000))
    assert decode(FILES["JPEG"], VisionSettings(max_image_pixels=19_200)).size == 19_200 * 3


def test_a_frame_that_is_a_bomb_in_any_format_is_refused() -> None:
    jpeg = bytearray(FILES["JPEG"])
    at = jpeg.index(b"\xff\xc0")
    struct.pack_into(">HH", jpeg, at + 5, 65_000, 65_000)
    webp = bytearray(FILES["WebP"])
    struct.pack_into("<HH", webp, 26, 16_383, 16_383)
    lossless = bytearray(FILES["lossless WebP"])
    struct.pack_into("<I", lossless, 21, 0x3FFF | 0x3FFF << 14)
    for data in (jpeg, webp, lossless):
        with pytest.raises(ImageTooLargeError):
            decode(bytes(data), LIMITS)


def test_a_bmp_that_claims_more_rows_than_it_holds_is_refused() -> None:
    bmp = bytearray(FILES["BMP"])
    struct.pack_into("<i", bmp, 22, 30_000)
    with pytest.raises(NotAnImageError, match="breaks off"):
        decode(bytes(bmp), LIMITS)


@pytest.mark.parametrize(("width", "height"), [(0, 10), (10, 0)])
def test_a_picture_without_extent_is_refused(width: int, height: int) -> None:
    with pytest.raises(NotAnImageError, match="size of"):
        decode(png_claiming(width, height), LIMITS)


def test_a_damaged_png_is_refused() -> None:
    damaged = bytearray(FILES["PNG"])
    damaged[len(damaged) // 2] ^= 0xFF
    with pytest.raises(NotAnImageError, match="checksum"):
        decode(bytes(damaged), LIMITS)


def test_a_header_that_lies_about_the_pixels_is_refused() -> None:
    """The shell states 50x40 and holds nothing to fill it with."""
    assert read_header(png_claiming(50, 40)).width == 50
    lossless = bytearray(FILES["lossless WebP"])
    struct.pack_into("<I", lossless, 21, 99 | 99 << 14)
    with pytest.raises(NotAnImageError):
        decode(bytes(lossless), LIMITS)


def test_a_jpeg_with_endless_scans_is_refused() -> None:
    """Each scan makes the decoder pass over the whole picture again."""
    jpeg = FILES["JPEG"]
    scan = jpeg[jpeg.index(b"\xff\xda") : -2]
    with pytest.raises(NotAnImageError, match="more scans"):
        decode(jpeg[:-2] + scan * MAX_JPEG_SCANS + jpeg[-2:], LIMITS)


def test_a_jpeg_of_two_frames_is_refused() -> None:
    jpeg = FILES["JPEG"]
    start = jpeg.index(b"\xff\xc0")
    (length,) = struct.unpack_from(">H", jpeg, start + 2)
    frame = jpeg[start : start + 2 + length]
    with pytest.raises(NotAnImageError, match="more than one frame"):
        decode(jpeg[:start] + frame + jpeg[start:], LIMITS)


def test_files_of_nothing_but_blocks_are_given_up_on() -> None:
    jpeg = b"\xff\xd8" + b"\xff\xe0\x00\x02" * 70_000 + b"\xff\xd9"
    with pytest.raises(NotAnImageError, match="no picture"):
        decode(jpeg, LIMITS)
    png = png_claiming(10, 10)
    empty_chunk = struct.pack(">I", 0) + b"teXt" + struct.pack(">I", 0)
    with pytest.raises(NotAnImageError):
        decode(png[:33] + empty_chunk * 70_000 + png[33:], LIMITS)


@given(
    st.binary(max_size=400), st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM", b"RIFF\0\0\0\0WEBP"])
)
def test_no_bytes_raise_anything_but_an_input_error(tail: bytes, magic: bytes) -> None:
    try:
        image = decode(magic + tail, LIMITS)
    except InputError:
        return
    assert image.ndim == 3


@given(st.data())
def test_no_damage_to_a_file_raises_anything_but_an_input_error(data: st.DataObject) -> None:
    damaged = bytearray(data.draw(st.sampled_from(sorted(FILES.items())))[1])
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, min(len(damaged), 700) - 1))] = data.draw(st.integers(0, 255))
    try:
        image = decode(bytes(damaged), LIMITS)
    except InputError:
        return
    assert image.shape[2] == 3
