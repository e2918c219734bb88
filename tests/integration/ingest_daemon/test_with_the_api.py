"""Films through the daemon into the real API on the real Postgres: what becomes of the people in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import pytest

from contracts.base import PrivacyMode
from contracts.people import StaffCreate
from contracts.records import VisitRecordV1
from footfall.errors import ForbiddenError, NotFoundError, UnauthenticatedError
from footfall.settings import load_settings
from ingest_daemon.daemon import run
from ingest_daemon.registration import register
from ingest_daemon.summary import IngestSummary
from tests.integration.ingest_daemon.conftest import CameraHost
from tests.unit.ingest_daemon.films import portrait, visits_film

STARTED = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


def play(host: CameraHost, film: Path, *, started_at: datetime = STARTED) -> IngestSummary:
    return run(
        host.settings,
        source=str(film),
        camera_id=host.camera_id,
        realtime=False,
        started_at=started_at,
        until_end=True,
    )


def visits(host: CameraHost) -> Sequence[VisitRecordV1]:
    return host.admin.visits(limit=100).items


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Two people, of whom the first comes back, each for two seconds with two seconds between them."""
    return visits_film(tmp_path / "film.avi", 1, None, 2, None, 1, None)


def test_people_become_visits(host: CameraHost, film: Path) -> None:
    summary = play(host, film)

    assert [event.decision for event in summary.decisions] == ["new_customer", "new_customer", "customer"]
    first, second, again = summary.decisions
    assert again.person_id == first.person_id != second.person_id
    assert again.score is not None
    assert again.score > 0.9
    found = {visit.person_id: visit for visit in visits(host)}
    assert found.keys() == {first.person_id, second.person_id}
    assert first.person_id is not None
    visit = found[first.person_id]
    assert (visit.started_at, visit.sightings) == (STARTED, 2)
    assert visit.ended_at - STARTED == pytest.approx(timedelta(seconds=9.9), abs=timedelta(milliseconds=150))


def test_the_summary_counts_what_was_done(host: CameraHost, film: Path) -> None:
    summary = play(host, film)

    assert (summary.frames, summary.tracks, summary.events) == (120, 3, 3)
    assert 6 <= summary.faces_detected <= 60, "a face that stands still is not looked at in every frame"
    assert (summary.dropped, summary.set_aside, summary.undelivered, summary.trouble) == (0, 0, 0, None)
    assert summary.fps > 0
    assert summary.latency_ms_p50 is not None
    assert summary.latency_ms_p95 is not None
    assert 0 < summary.latency_ms_p50 <= summary.latency_ms_p95
    assert (summary.detector, summary.embedder, summary.backend) == ("mock-1", "mock-1", "mock-f32")
    spans = [(event.ended_at - event.started_at).total_seconds() for event in summary.decisions]
    assert spans == pytest.approx([1.9] * 3, abs=0.15)


def test_playing_the_same_film_again_adds_nothing(host: CameraHost, film: Path) -> None:
    first = play(host, film)
    before = visits(host)

    second = play(host, film)

    assert [event.event_id for event in second.decisions] == [event.event_id for event in first.decisions]
    assert [event.person_id for event in second.decisions] == [event.person_id for event in first.decisions]
    assert visits(host) == before


def test_playing_it_for_another_day_adds_visits(host: CameraHost, film: Path) -> None:
    play(host, film)
    play(host, film, started_at=STARTED + timedelta(days=1))

    assert len(visits(host)) == 4


def test_staff_are_known_from_their_photograph(host: CameraHost, film: Path) -> None:
    ada = host.admin.create_staff(StaffCreate(display_name="Ada Lovelace"))
    host.admin.enrol_face(ada.staff_id, cv2.imencode(".png", portrait(2, size_px=300))[1].tobytes())

    summary = play(host, film)

    assert [event.decision for event in summary.decisions] == ["new_customer", "staff", "customer"]
    assert summary.decisions[1].person_id == ada.staff_id
    assert [visit.display_name for visit in visits(host) if visit.person_kind == "staff"] == ["Ada Lovelace"]


def test_a_tenant_that_only_counts_gets_counts(new_host: Callable[[PrivacyMode], CameraHost], film: Path) -> None:
    host = new_host("count_only")

    summary = play(host, film)

    assert [event.decision for event in summary.decisions] == ["counted"] * 3
    assert summary.faces_embedded == 0
    assert all(event.person_id is None for event in summary.decisions)
    assert visits(host) == ()


def test_of_strangers_a_tenant_that_knows_staff_only_learns_nothing(
    new_host: Callable[[PrivacyMode], CameraHost], film: Path
) -> None:
    host = new_host("staff_only")
    ada = host.admin.create_staff(StaffCreate(display_name="Ada Lovelace"))
    host.admin.enrol_face(ada.staff_id, cv2.imencode(".png", portrait(2, size_px=300))[1].tobytes())

    summary = play(host, film)

    # No stranger's template left the host, so the server had nothing to compare; it says so, and blames no picture.
    assert [event.decision for event in summary.decisions] == ["stranger", "staff", "stranger"]
    assert [visit.person_id for visit in visits(host)] == [ada.staff_id]


def test_an_empty_film_gives_nothing(host: CameraHost, tmp_path: Path) -> None:
    summary = play(host, visits_film(tmp_path / "empty.avi", None, seconds_each=5))

    assert (summary.frames, summary.events, summary.tracks) == (50, 0, 0)
    assert (summary.latency_ms_p50, summary.latency_ms_p95) == (None, None)


def test_a_folder_of_photographs_is_a_person_each(host: CameraHost, tmp_path: Path) -> None:
    folder = tmp_path / "photographs"
    folder.mkdir()
    for number, who in enumerate([1, 1, 2, 3]):
        (folder / f"{number}.png").write_bytes(cv2.imencode(".png", portrait(who))[1].tobytes())

    summary = play(host, folder)

    assert [event.decision for event in summary.decisions] == ["new_customer"] * 3
    assert [event.frames for event in summary.decisions] == [2, 1, 1]


def test_a_camera_of_somebody_else_is_unknown(
    host: CameraHost, new_host: Callable[[PrivacyMode], CameraHost], film: Path
) -> None:
    other = new_host("identify")
    stranger = CameraHost(host.tenant_id, other.camera_id, host.settings, host.admin)

    with pytest.raises((NotFoundError, ForbiddenError)):
        play(stranger, film)


def test_a_wrong_key_is_an_error_before_anything_is_done(host: CameraHost, film: Path) -> None:
    key = host.settings.ingest.api_key
    assert key is not None
    wrong = key.get_secret_value()[:-4] + "0000"
    settings = load_settings(
        home=host.settings.home, offline=True, api={"url": host.settings.api_url}, ingest={"api_key": wrong}
    )

    with pytest.raises(UnauthenticatedError, match="does not accept this worker's key") as refusal:
        play(CameraHost(host.tenant_id, host.camera_id, settings, host.admin), film)

    assert wrong not in refusal.value.message


@pytest.mark.parametrize("token", ["nonsense", f"ffw_{'a' * 32}_{'b' * 32}_{'c' * 64}"])
def test_a_registration_token_that_is_none_is_an_error_that_says_what_to_do(
    host: CameraHost, tmp_path: Path, token: str
) -> None:
    with pytest.raises(UnauthenticatedError, match="does not take this registration token") as refused:
        register(tmp_path, url=host.settings.api_url, token=token)

    assert refused.value.hint is not None
    assert "/registration" in refused.value.hint
    assert list((tmp_path / "ingest").iterdir()) == []
