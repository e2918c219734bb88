"""Enrolling on the staff page over a real API and real weights: several files, the webcam, twins, reminders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from streamlit.testing.v1 import AppTest

from contracts.people import Staff, StaffCreate, StaffPatch
from tests.integration.dashboards.conftest import LiveApi
from tests.integration.dashboards.test_pages import open_page, signed_in


def hired(api: LiveApi, name: str) -> Staff:
    return api.client.create_staff(StaffCreate(display_name=name))


def staff_page(api: LiveApi) -> AppTest:
    return open_page(signed_in(api), "staff")


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def jpeg(media: Path, name: str) -> tuple[str, bytes, str]:
    return name, (media / name).read_bytes(), "image/jpeg"


def blurred(media: Path, name: str) -> tuple[str, bytes, str]:
    picture = cv2.imread(str(media / name))
    assert picture is not None
    soft = np.asarray(cv2.GaussianBlur(picture, (0, 0), 8.0), dtype=np.uint8)
    return f"soft-{name}", cv2.imencode(".jpg", soft)[1].tobytes(), "image/jpeg"


def test_several_files_are_enrolled_each_with_its_verdict(live_api: LiveApi, sample_media: Path) -> None:
    robin = hired(live_api, "Robin")
    app = staff_page(live_api)
    files = [
        jpeg(sample_media, "obama.jpg"),
        jpeg(sample_media, "obama2.jpg"),
        jpeg(sample_media, "biden.jpg"),
        blurred(sample_media, "obama3.jpg"),
    ]

    app.file_uploader[0].set_value(files).run()
    press(app, "Enrol")

    assert not app.exception
    assert [message.value.partition(":")[0] for message in app.success] == ["obama.jpg", "obama2.jpg"]
    said = {message.value.partition(":")[0]: message.value for message in app.error}
    assert "disagrees with others" in said["biden.jpg"]
    assert "blurred" in said["soft-obama3.jpg"]
    assert "sharpness" in said["soft-obama3.jpg"]
    app.run()
    assert any(caption.value.startswith("Self-consistency 0.") for caption in app.caption)
    assert live_api.client.staff_member(robin.staff_id).faces == 2


def test_a_picture_from_the_webcam_is_enrolled(live_api: LiveApi, sample_media: Path) -> None:
    robin = hired(live_api, "Robin")
    app = staff_page(live_api)
    app.segmented_control[0].set_value("Webcam").run()

    app.camera_input[0].set_value(jpeg(sample_media, "obama.jpg")).run()
    press(app, "Enrol")

    assert not app.exception
    assert ["enrolled" in message.value for message in app.success] == [True]
    assert live_api.client.staff_member(robin.staff_id).faces == 1


def test_somebody_under_another_name_is_named_and_a_twin_is_let_in(live_api: LiveApi, sample_media: Path) -> None:
    first, second = hired(live_api, "Alex"), hired(live_api, "Robin")
    live_api.client.enrol_face(first.staff_id, (sample_media / "obama.jpg").read_bytes())
    app = staff_page(live_api)
    app.selectbox[0].set_value(next(one for one in live_api.client.staff().items if one.display_name == "Robin")).run()
    app.file_uploader[0].set_value([jpeg(sample_media, "obama2.jpg")]).run()
    press(app, "Enrol")
    assert "already enrolled as Alex" in app.error[0].value

    next(box for box in app.checkbox if "twins" in box.label).check().run()
    press(app, "Enrol")

    assert live_api.client.staff_member(second.staff_id).faces == 1
    app.run()
    assert any("Alex and Robin" in message.value or "Robin and Alex" in message.value for message in app.warning)


def test_reminders_are_on_the_page(live_api: LiveApi) -> None:
    hired(live_api, "Robin")
    app = staff_page(live_api)
    assert any("Everybody is a visitor" in message.value for message in app.warning)
    assert any("Robin has no photograph" in message.value for message in app.info)


def field(app: AppTest, label: str, *, nth: int = 0) -> Any:
    return [one for one in app.text_input if one.label == label][nth]


def test_a_person_is_renamed_and_a_colleague_who_was_quicker_is_not_overwritten(live_api: LiveApi) -> None:
    robin = hired(live_api, "Aaron the Renamed")
    app = staff_page(live_api)
    field(app, "Name", nth=-1).set_value("Aaron Newname")
    press(app, "Save")
    assert not app.exception
    assert live_api.client.staff_member(robin.staff_id).display_name == "Aaron Newname"

    changed = live_api.client.change_staff(robin.staff_id, StaffPatch(display_name="Aaron Third"), version=2)
    field(app, "Name", nth=-1).set_value("Aaron Fourth")
    press(app, "Save")
    # The page draws the form anew, with what the colleague has saved; the one that was filled in is gone.
    assert live_api.client.staff_member(robin.staff_id) == changed
    assert field(app, "Name", nth=-1).value == "Aaron Third"
