"""How fit a face is for matching, from numbers alone: pure functions over size, sharpness, pose and detection score."""

from __future__ import annotations

from math import atan2, degrees, hypot

import cv2

from footfall.vision.types import BgrImage, DetectedFace, FaceQuality, Float32Array

# Each part is 0 at its first bound and 1 from its second on. The second ones lie where nothing more is gained, so
# that of two good shots of one face the better still scores higher.
SIZE_PX = (12.0, 160.0)
SHARPNESS = (0.0, 500.0)
TURN_DEG = (70.0, 0.0)
DETECTION = (0.3, 1.0)

# Exponents of the geometric mean; they sum to one.
SIZE_WEIGHT, SHARPNESS_WEIGHT, POSE_WEIGHT, DETECTION_WEIGHT = 0.3, 0.15, 0.35, 0.2

NOSE_DEPTH = 0.5
"""How far the nose tip stands before the line of the eyes, as a share of the distance between them. About 31 mm to
63 mm in an adult; it sets the scale of the yaw, which is an estimate and not a measurement."""


def sharpness_of(crop: BgrImage) -> float:
    """Variance of the Laplacian over the grey (112, 112) aligned crop. Pech-Pacheco et al. 2000."""
    grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
    _, deviation = cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_32F, ksize=1))
    return float(deviation[0, 0]) ** 2


def roll_of(landmarks: Float32Array) -> float:
    """Tilt of the line of the eyes in degrees, -180..180; positive when the person's left eye is the lower one."""
    right, left = landmarks[0], landmarks[1]
    return degrees(atan2(float(left[1] - right[1]), float(left[0] - right[0])))


def yaw_of(landmarks: Float32Array) -> float:
    """Turn of the head in degrees, -90..90; positive when the nose points to the picture's right.

    The offset of the nose tip from the middle between eyes and mouth, across the face's own upright, against the
    distance between the eyes: under a turn by t the first shrinks and grows with NOSE_DEPTH * sin t, the second
    with cos t. Eyes that have changed sides count as a full turn.
    """
    # Ten numbers: plain arithmetic is faster than arrays.
    (right_x, right_y), (left_x, left_y), (nose_x, nose_y), *mouth = landmarks.tolist()
    eyes_x, eyes_y = (right_x + left_x) / 2, (right_y + left_y) / 2
    upright_x = (mouth[0][0] + mouth[1][0]) / 2 - eyes_x
    upright_y = (mouth[0][1] + mouth[1][1]) / 2 - eyes_y
    length = hypot(upright_x, upright_y)
    if length == 0.0:
        return 0.0
    # The unit vector across the face, to the picture's right when the face is upright.
    across_x, across_y = upright_y / length, -upright_x / length
    offset = (nose_x - eyes_x) * across_x + (nose_y - eyes_y) * across_y
    between = (left_x - right_x) * across_x + (left_y - right_y) * across_y
    if between <= 0.0:
        return 90.0 if offset >= 0 else -90.0
    return degrees(atan2(offset / NOSE_DEPTH, between))


def quality_of(face: DetectedFace, crop: BgrImage) -> FaceQuality:
    """All parts of a face's quality and their sum-up. `crop`: (112, 112, 3) uint8 BGR, aligned."""
    size_px = face.box.shorter_side
    sharpness = sharpness_of(crop)
    yaw_deg, roll_deg = yaw_of(face.landmarks), roll_of(face.landmarks)
    return FaceQuality(
        score=quality_score(
            size_px=size_px,
            sharpness=sharpness,
            yaw_deg=yaw_deg,
            roll_deg=roll_deg,
            detection_score=face.score,
        ),
        size_px=size_px,
        sharpness=sharpness,
        yaw_deg=yaw_deg,
        roll_deg=roll_deg,
        detection_score=face.score,
    )


def quality_score(
    *, size_px: float, sharpness: float, yaw_deg: float, roll_deg: float, detection_score: float
) -> float:
    """0..1: size^0.3 * sharpness^0.15 * pose^0.35 * detection^0.2, each part a ramp between its two bounds.

    A geometric mean, so that one hopeless part makes the whole hopeless and none can be bought with another.
    Pose is the yaw's ramp times the roll's, the roll counted at a third: alignment undoes it, up to what the
    detector can still read. Monotone: a larger, sharper, straighter, surer face never scores lower.
    """
    pose = _ramp(abs(yaw_deg), TURN_DEG) * _ramp(abs(roll_deg) / 3, TURN_DEG)
    return float(
        _ramp(size_px, SIZE_PX) ** SIZE_WEIGHT
        * _ramp(sharpness, SHARPNESS) ** SHARPNESS_WEIGHT
        * pose**POSE_WEIGHT
        * _ramp(detection_score, DETECTION) ** DETECTION_WEIGHT
    )


def _ramp(value: float, bounds: tuple[float, float]) -> float:
    zero_at, one_at = bounds
    return min(1.0, max(0.0, (value - zero_at) / (one_at - zero_at)))
