"""The traffic and visits pages over visits that are there: figures, charts, lists and what can be downloaded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from api.examples import FACE_EVENT
from contracts.events import Embedding, Track
from tests.integration.dashboards.conftest import LiveApi
from tests.integration.dashboards.test_pages import open_page, signed_in
from tests.vectors import as_base64, like, person


@pytest.fixture
def visited(live_api: LiveApi) -> LiveApi:
    """Three visitors an hour ago, of whom one comes again now, and a face that is only counted."""
    client = live_api.client
    camera = client.cameras().items[0]
    now = datetime.now(UTC).replace(microsecond=0)

    def see(who: int | None, ago: timedelta, lasts: timedelta = timedelta(minutes=2)) -> None:
        began = now - ago
        event = FACE_EVENT.model_copy(
            update={
                "event_id": uuid4(),
                "camera_id": camera.camera_id,
                "captured_at": began,
                "track": Track(started_at=began, ended_at=began + lasts, frames=20),
                "embedding": None
                if who is None
                else Embedding(model_version=camera.model_version, vector=as_base64(like(person(who), 0.9, who))),
            }
        )
        client.send_face_event(event)

    for who in (1, 2, 3):
        see(who, timedelta(minutes=80))
    see(1, timedelta(minutes=3))
    see(None, timedelta(minutes=3))
    return live_api


def test_the_traffic_page_shows_how_many_came_when_and_for_how_long(visited: LiveApi) -> None:
    app = open_page(signed_in(visited), "traffic")

    assert not app.exception
    assert not app.error
    assert {metric.label: metric.value for metric in app.metric} == {
        "Visitors": "4",
        "New": "3",
        "Returning": "1",
        "Came twice or more": "33%",
        "Median stay": "2 min",
        "Unidentified": "1",
    }
    assert [heading.value for heading in app.subheader] == [
        "When they come",
        "How long they stay",
        "Busiest hours of the week",
        "Who came again within 30 days",
    ]
    assert len(app.get("vega_lite_chart")) == 3
    assert app.dataframe[0].value["Visits"].sum() == 4
    assert app.dataframe[1].value["New"].tolist() == [3]


@pytest.mark.parametrize("bucket", ["15 min", "Hour", "Week", "Month"])
def test_every_bucket_can_be_chosen(visited: LiveApi, bucket: str) -> None:
    app = open_page(signed_in(visited), "traffic")
    app.segmented_control(key="traffic-bucket").set_value(bucket).run()
    assert not app.exception
    assert not app.error
    assert {metric.label: metric.value for metric in app.metric}["Visitors"] == "4"


def test_visits_come_in_the_order_that_is_asked_for(visited: LiveApi) -> None:
    app = open_page(signed_in(visited), "visits")
    latest = app.dataframe[0].value["From"].tolist()
    app.selectbox(key="visits-sort").set_value("Earliest first").run()
    assert not app.exception
    assert app.dataframe[0].value["From"].tolist() == sorted(latest)
    app.toggle(key="visits-weak").set_value(True).run()
    assert not app.exception
    assert [info.value for info in app.info] == ["No visits match."]
