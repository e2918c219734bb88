"""Drawing on a photograph that the user has just uploaded. Nothing of it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from PIL import Image, ImageDraw, ImageOps

from contracts.people import TestedFace

_COLOURS = {"staff": "#2a9d8f", "customer": "#264653", "unsure": "#e9c46a", "poor_quality": "#8d99ae"}


def with_faces(data: bytes, faces: Sequence[TestedFace]) -> Image.Image:
    """The photograph, upright, with a numbered box around each face in the colour of its decision."""
    picture = ImageOps.exif_transpose(Image.open(BytesIO(data))).convert("RGB")
    pen = ImageDraw.Draw(picture)
    stroke = max(2, picture.width // 300)
    for number, face in enumerate(faces, start=1):
        colour = _COLOURS.get(face.decision.kind, "#e76f51")
        box = face.box
        pen.rectangle((box.x, box.y, box.x + box.width, box.y + box.height), outline=colour, width=stroke)
        pen.text((box.x + stroke * 2, box.y + stroke), str(number), fill=colour, font_size=max(14, picture.width // 40))
    return picture
