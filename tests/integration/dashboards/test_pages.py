"""The pages as a site manager uses them, over a real API. AppTest runs the scripts without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from contracts.people import StaffCreate
from tests.integration.dashboards.conftest import APP, LiveApi

RUN_SECONDS = 30


def signed_in(api: LiveApi, *, password: str | None = None) -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=RUN_SECONDS).run()
    app.text_input[0].input(api.tenant)
    app.text_input[1].input("admin@example.com")
    app.text_input[2].input(password or api.password)
    app.button[0].click().run()
    return app


def open_page(app: AppTest, page: str) -> AppTest:
    return app.switch_page(f"app_pages/{page}.py").run()


def test_nobody_sees_a_page_before_signing_in(live_api: LiveApi) -> None:
    app = AppTest.from_file(str(APP), default_timeout=RUN_SECONDS).run()
    assert [title.value for title in app.title] == [":material/footprint: Footfall"]
    assert not app.metric


def test_a_wrong_password_says_so_and_opens_nothing(live_api: LiveApi) -> None:
    app = signed_in(live_api, password="not-the-password")
    assert [error.value for error in app.error] == ["The tenant, e-mail or password is not right."]
    assert not app.metric


def test_an_api_that_is_away_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTFALL_API__URL", "http://127.0.0.1:9")
    app = AppTest.from_file(str(APP), default_timeout=RUN_SECONDS).run()
    for field, value in zip(app.text_input, ("acme", "a@b.example", "secret-secret"), strict=True):
        field.input(value)
    app.button[0].click().run()
    assert "does not answer" in app.error[0].value
    assert "footfall status" in app.error[0].value


def test_the_overview_of_a_new_tenant_counts_nothing_and_points_at_the_camera(live_api: LiveApi) -> None:
    app = signed_in(live_api)
    assert not app.exception
    assert {metric.label: metric.value for metric in app.metric}["Visitors today"] == "0"
    assert any("Point a camera" in info.value for info in app.info)


@pytest.mark.parametrize(
    "page", ["overview", "traffic", "visits", "customers", "recognition", "staff", "administration"]
)
def test_every_page_opens_without_an_exception(live_api: LiveApi, page: str) -> None:
    app = open_page(signed_in(live_api), page)
    assert not app.exception
    assert not app.error


def test_a_person_is_enrolled_and_recognised_on_the_staff_page(live_api: LiveApi, sample_media: Path) -> None:
    live_api.client.create_staff(StaffCreate(display_name="Robin"))
    app = open_page(signed_in(live_api), "staff")
    upload = app.file_uploader[0]
    upload.set_value(("obama.jpg", (sample_media / "obama.jpg").read_bytes(), "image/jpeg")).run()
    next(button for button in app.button if button.label == "Enrol").click().run()
    assert any("enrolled, quality" in message.value for message in app.success)

    app.run()
    trial = app.file_uploader[1]
    trial.set_value(("obama2.jpg", (sample_media / "obama2.jpg").read_bytes(), "image/jpeg")).run()
    assert [message.value for message in app.success] == ["This is Robin."]


def test_a_photograph_without_a_face_is_refused_by_name(live_api: LiveApi) -> None:
    import cv2
    import numpy as np

    live_api.client.create_staff(StaffCreate(display_name="Robin"))
    app = open_page(signed_in(live_api), "staff")
    grey = cv2.imencode(".png", np.full((200, 200, 3), 127, np.uint8))[1].tobytes()
    app.file_uploader[0].set_value(("wall.png", grey, "image/png")).run()
    next(button for button in app.button if button.label == "Enrol").click().run()
    assert app.error[0].value.startswith("wall.png: ")


def test_signing_out_forgets_the_session(live_api: LiveApi) -> None:
    app = signed_in(live_api)
    next(button for button in app.sidebar.button if button.label == "Sign out").click().run()
    assert not app.metric
    assert app.text_input[0].label == "Tenant"
