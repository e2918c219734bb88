"""OpenCV as a guest of this process: how many threads it may use and what it may say. Reading is the sources'."""

from __future__ import annotations

import os

import cv2

_FFMPEG_QUIET = "-8"  # AV_LOG_QUIET


def tame_opencv() -> None:
    """Once for each process, before the first source is opened.

    OpenCV's own thread pool fights with the inference threads for the same processors. Its and FFmpeg's messages go
    straight to the standard error, twice for each attempt at a camera that is away; the sources say it better, and
    without quoting what they were given. OPENCV_FFMPEG_LOGLEVEL, where it is set, wins.
    """
    cv2.setNumThreads(1)
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", _FFMPEG_QUIET)
