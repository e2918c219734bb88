"""From what the daemon, the API and the marts said to the demo's verdict: pure functions, and how it is printed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from cli.demo.cast import ENTRANCES, STAFF, Entrance
from cli.demo.film import face_place
from contracts.records import VisitRecordV1
from contracts.reports import TrafficRow


@dataclass(frozen=True, slots=True)
class Sighting:
    """One face event as the daemon got it back. `film_seconds`: when its best shot was taken, on the film's clock;
    `x`, `y`: middle of the face, pixels of the film."""

    film_seconds: float
    x: float
    y: float
    decision: str
    person_id: UUID | None
    score: float | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`recognised`: best score of each staff member who was recognised. `wrong_staff`: sightings taken for a staff
    member who was not there. `mixed`: customers who are more than one visitor. `split`: visitors who became more
    than one customer. `unplaced`: sightings where the film shows nobody."""

    recognised: Mapping[str, float]
    missed: tuple[str, ...]
    wrong_staff: tuple[str, ...]
    mixed: tuple[str, ...]
    split: tuple[str, ...]
    visitors_seen: int
    customers: int
    unplaced: int

    @property
    def false_matches(self) -> int:
        return len(self.wrong_staff) + len(self.mixed)


def who_was_there(sighting: Sighting, entrances: Iterable[Entrance] = ENTRANCES) -> str | None:
    """The person whose drawn face lies nearest to the sighting, within one face height."""
    nearest: tuple[float, str] | None = None
    for entrance in entrances:
        place = face_place(entrance, sighting.film_seconds)
        if place is None:
            continue
        distance = ((sighting.x - place.x) ** 2 + (sighting.y - place.y) ** 2) ** 0.5
        if distance < place.height and (nearest is None or distance < nearest[0]):
            nearest = (distance, entrance.person)
    return nearest[1] if nearest else None


def judge(sightings: Sequence[Sighting], staff_names: Mapping[UUID, str]) -> Verdict:
    """Holds every decision against the film's script."""
    recognised: dict[str, float] = {}
    wrong_staff: list[str] = []
    visitors_of: dict[UUID, set[str]] = {}
    customers_of: dict[str, set[UUID]] = {}
    unplaced = 0
    for sighting in sightings:
        person = who_was_there(sighting)
        if person is None:
            unplaced += 1
        if sighting.person_id is None:
            continue
        if sighting.decision == "staff":
            taken_for = staff_names.get(sighting.person_id, str(sighting.person_id))
            if taken_for == person:
                recognised[taken_for] = max(recognised.get(taken_for, -1.0), sighting.score or -1.0)
            else:
                wrong_staff.append(f"{person or 'nobody'} was taken for {taken_for} ({sighting.score or 0:.3f})")
        elif person is not None:
            visitors_of.setdefault(sighting.person_id, set()).add(person)
            customers_of.setdefault(person, set()).add(sighting.person_id)
    return Verdict(
        recognised=recognised,
        missed=tuple(member.name for member in STAFF if member.name not in recognised),
        wrong_staff=tuple(wrong_staff),
        mixed=tuple(" and ".join(sorted(people)) for people in visitors_of.values() if len(people) > 1),
        split=tuple(sorted(person for person, customers in customers_of.items() if len(customers) > 1)),
        visitors_seen=len(customers_of),
        customers=len(visitors_of),
        unplaced=unplaced,
    )


def sightings_of(ingest: Mapping[str, Any], film_started_at: datetime) -> list[Sighting]:
    """Final decisions out of the daemon's summary; an event sent twice counts once."""
    by_event: dict[str, Sighting] = {}
    for row in ingest["decisions"]:
        box = row["box"]
        captured = datetime.fromisoformat(row["captured_at"])
        by_event[row["event_id"]] = Sighting(
            film_seconds=(captured - film_started_at).total_seconds(),
            x=box["x"] + box["width"] / 2,
            y=box["y"] + box["height"] / 2,
            decision=row["decision"],
            person_id=UUID(row["person_id"]) if row["person_id"] else None,
            score=row["score"],
        )
    return list(by_event.values())


def complaint(verdict: Verdict) -> str | None:
    """A plain sentence about what must not happen, or None."""
    if verdict.wrong_staff:
        return f"A false match: {verdict.wrong_staff[0]}."
    if verdict.missed:
        return f"{', '.join(verdict.missed)} had to be recognised and was not."
    return None


def summary_of(
    verdict: Verdict,
    ingest: Mapping[str, Any],
    visits: Sequence[VisitRecordV1],
    traffic: Sequence[TrafficRow],
    mart_rows: Mapping[str, int],
) -> dict[str, Any]:
    """What goes to summary.json."""
    return {
        "staff_expected": len(STAFF),
        "staff_recognised": len(verdict.recognised),
        "staff_scores": {name: round(score, 4) for name, score in sorted(verdict.recognised.items())},
        "staff_missed": list(verdict.missed),
        "false_matches": verdict.false_matches,
        "false_match_details": [*verdict.wrong_staff, *verdict.mixed],
        "visitors_expected": len({entrance.person for entrance in ENTRANCES}) - len(STAFF),
        "visitors_seen": verdict.visitors_seen,
        "customers_created": verdict.customers,
        "visitors_split": list(verdict.split),
        "visits": len(visits),
        "staff_visits": sum(visit.person_kind == "staff" for visit in visits),
        "mart_rows": sum(mart_rows.values()),
        "mart_rows_by_model": dict(mart_rows),
        "traffic_visits": sum((row.staff_visits or 0) + (row.visitor_visits or 0) for row in traffic),
        **{
            key: ingest[key]
            for key in (
                "frames",
                "fps",
                "tracks",
                "latency_ms_p50",
                "latency_ms_p95",
                "detector",
                "embedder",
                "backend",
            )
        },
        "events": ingest["events"],
        "dropped": ingest["dropped"],
    }


def print_report(
    console: Console,
    summary: Mapping[str, Any],
    visits: Sequence[VisitRecordV1],
    traffic: Sequence[TrafficRow],
    zone: ZoneInfo,
) -> None:
    """The demo's result for a person to read, times in the site's zone."""
    console.print()
    console.print("[bold]Staff[/bold], recognised in other pictures than the enrolled ones")
    staff = Table()
    staff.add_column("who")
    staff.add_column("best score", justify="right")
    for name, score in summary["staff_scores"].items():
        staff.add_row(name, f"{score:.3f}")
    for name in summary["staff_missed"]:
        staff.add_row(name, "[red]missed[/red]")
    console.print(staff)

    console.print(f"[bold]Visits[/bold], times in {zone.key}")
    table = Table()
    for column in ("who", "from", "to", "stayed", "sightings", "first visit"):
        table.add_column(column, justify="right" if column in ("stayed", "sightings") else "left")
    for visit in sorted(visits, key=lambda one: one.started_at):
        table.add_row(
            visit.display_name or f"visitor {str(visit.person_id)[:8]}",
            f"{visit.started_at.astimezone(zone):%H:%M:%S}",
            f"{visit.ended_at.astimezone(zone):%H:%M:%S}",
            f"{visit.dwell_seconds:.0f} s",
            str(visit.sightings),
            "yes" if visit.is_first_visit else "no",
        )
    console.print(table)

    console.print("[bold]Hourly traffic[/bold], from the dbt mart")
    hourly = Table()
    for column in ("hour", "staff", "visitors", "new", "returning", "unidentified"):
        hourly.add_column(column, justify="left" if column == "hour" else "right")
    for row in traffic:
        hourly.add_row(
            f"{row.bucket_start.astimezone(zone):%Y-%m-%d %H:%M}",
            str(row.staff_visits),
            str(row.visitor_visits),
            str(row.new_visitors),
            str(row.returning_visitors),
            str(row.unidentified_sightings),
        )
    console.print(hourly)
    console.print(
        f"{summary['visitors_seen']} of {summary['visitors_expected']} visitors were given an identity: "
        f"{summary['customers_created']} customers were new, {summary['false_matches']} false matches.\n"
        f"{summary['frames']} frames at {summary['fps']:.0f} frames/s with {summary['detector']}, "
        f"{summary['embedder']} on {summary['backend']}.\n"
        f"From frame to committed visit: median {summary['latency_ms_p50']:.0f} ms, "
        f"p95 {summary['latency_ms_p95']:.0f} ms.",
        soft_wrap=True,
    )
