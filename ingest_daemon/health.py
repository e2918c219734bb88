"""How well a camera sees: its rate, and whether its picture is frozen, black, covered or has lost its detail. Reading
frames is the sources', publishing this is the status's."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

import cv2
import numpy as np
import numpy.typing as npt

from ingest_daemon.sources.base import Frame

LOOK_SECONDS = 1.0
"""The picture itself is judged this often; frames are counted always."""
RATE_SECONDS = 10.0
FROZEN_SECONDS = 30.0
"""A sensor's noise never repeats a picture. An encoder may, for as long as its key frames are apart."""
BLACK_MEAN, BLACK_SPREAD = 16.0, 6.0
"""Brightness 0..255 and its standard deviation: 16 is black in limited-range video."""
COVERED_SPREAD = 8.0
"""Standard deviation of a picture that shows one surface alone."""
LOST_DETAIL = 0.2
"""Share of the usual sharpness under which the picture counts as blurred: a focus that moved, a web, fog."""
_USUAL_GAIN = 0.01
_SETTLED_LOOKS = 30
_LATE_SECONDS = 5.0
_SIDE_PX = 320


@dataclass(frozen=True, slots=True)
class CameraHealthNow:
    """`frames_per_second`: that the source gave lately. `sharpness`: variance of the Laplacian of the small grey
    picture; `brightness` 0..255; None before the first frame. `clock_jumps`: how often the clock was set."""

    frames_per_second: float = 0.0
    last_frame_at: datetime | None = None
    last_frame_age_seconds: float | None = None
    width_px: int | None = None
    height_px: int | None = None
    sharpness: float | None = None
    brightness: float | None = None
    blurred: bool = False
    occluded: bool = False
    black: bool = False
    frozen: bool = False
    clock_jumps: int = 0

    @property
    def trouble(self) -> str | None:
        """In words, the gravest first; None when it sees."""
        if self.last_frame_age_seconds is not None and self.last_frame_age_seconds > _LATE_SECONDS:
            return f"no frame for {self.last_frame_age_seconds:.0f} s"
        return self.picture_trouble

    @property
    def picture_trouble(self) -> str | None:
        """What is wrong with the newest picture, however old it is."""
        for is_so, words in (
            (self.black, "the picture is black"),
            (self.frozen, "the picture is frozen"),
            (self.occluded, "something covers the lens"),
            (self.blurred, "the picture has lost its detail"),
        ):
            if is_so:
                return words
        return None


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    at: float
    grey: npt.NDArray[np.uint8]
    sharpness: float
    brightness: float
    spread: float


class HealthMonitor:
    """Of one camera. `seen` is called by the thread that captures, `now` by any."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._arrivals: deque[float] = deque(maxlen=1000)
        self._last: Frame | None = None
        self._look: _Look | None = None
        self._same_since: float | None = None
        self._usual_sharpness: float | None = None
        self._looks = 0
        self._clock_jumps = 0

    def seen(self, frame: Frame) -> None:
        with self._lock:
            self._arrivals.append(frame.read_at)
            before, self._last = self._last, frame
            if before is not None:
                drift = (frame.captured_at - before.captured_at).total_seconds() - (frame.read_at - before.read_at)
                self._clock_jumps += int(frame.continuous and abs(drift) > 2.0)
            if self._look is None or frame.read_at - self._look.at >= LOOK_SECONDS:
                self._judge(frame)

    def now(self) -> CameraHealthNow:
        with self._lock:
            if self._last is None or self._look is None:
                return CameraHealthNow()
            at, look = time.monotonic(), self._look
            recent = [arrival for arrival in self._arrivals if at - arrival <= RATE_SECONDS]
            span = min(RATE_SECONDS, max(at - self._arrivals[0], LOOK_SECONDS))
            black = look.brightness <= BLACK_MEAN and look.spread <= BLACK_SPREAD
            usual = self._usual_sharpness if self._looks >= _SETTLED_LOOKS else None
            occluded = black or look.spread <= COVERED_SPREAD
            return CameraHealthNow(
                frames_per_second=round(len(recent) / span, 2),
                last_frame_at=self._last.captured_at,
                last_frame_age_seconds=round(max(0.0, at - self._last.read_at), 3),
                width_px=self._last.image.shape[1],
                height_px=self._last.image.shape[0],
                sharpness=round(look.sharpness, 2),
                brightness=round(look.brightness, 1),
                blurred=not occluded and usual is not None and look.sharpness < LOST_DETAIL * usual,
                occluded=occluded,
                black=black,
                frozen=self._same_since is not None and look.at - self._same_since >= FROZEN_SECONDS,
                clock_jumps=self._clock_jumps,
            )

    def _judge(self, frame: Frame) -> None:
        height, width = frame.image.shape[:2]
        scale = min(1.0, _SIDE_PX / width)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        small = cv2.resize(frame.image, size, interpolation=cv2.INTER_NEAREST)
        grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
        mean, deviation = cv2.meanStdDev(grey)
        look = _Look(
            frame.read_at,
            grey,
            float(cv2.Laplacian(grey, cv2.CV_32F, ksize=1).var()),
            float(mean[0, 0]),
            float(deviation[0, 0]),
        )
        same = self._look is not None and np.array_equal(self._look.grey, grey)
        if not same:
            self._same_since = None
        elif self._same_since is None and self._look is not None:
            self._same_since = self._look.at
        if look.spread > COVERED_SPREAD:
            # Slow, so that a lens that fogs up within a minute is noticed, and dusk is not.
            usual = self._usual_sharpness
            self._usual_sharpness = look.sharpness if usual is None else usual + _USUAL_GAIN * (look.sharpness - usual)
            self._looks += 1
        self._look = look
