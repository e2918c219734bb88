"""API v1: what enrolment says of a photograph. Results and reports are in `contracts.enrolment`."""

from __future__ import annotations

from typing import Literal

PhotographVerdict = Literal[
    "enrolled",
    "duplicate_photograph",
    "not_an_image",
    "too_large",
    "no_face",
    "several_faces",
    "too_small",
    "blurred",
    "turned",
    "unclear",
    "spoof",
    "already_enrolled_as",
    "disagrees_with_others",
]
"""`unclear`: the detector is hardly sure that it is a face. `already_enrolled_as`: another staff member clearly
matches. `disagrees_with_others`: it shows somebody else than the person's other photographs."""
