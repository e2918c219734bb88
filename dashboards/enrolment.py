"""Enrolling on the staff page: from files or the webcam, with a verdict for each photograph; what enrolments need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import streamlit as st

from client import FootfallClient
from client.errors import ApiProblem
from contracts.enrolment import MAX_PHOTOGRAPHS, Objection, PhotographResult, Reminder, ReminderList
from contracts.people import Staff
from dashboards.face_pictures import show_picture
from dashboards.session import api_errors, problem_text

IMAGES = ["jpg", "jpeg", "png", "webp", "bmp"]
# Under the API's own limit, with room for the request around the photographs.
_BATCH_BYTES = 14_000_000

_REMINDERS_KEY = "footfall_reminders"
_REMINDERS_LAST = timedelta(seconds=30)
_URGENT = frozenset({"empty_gallery", "expired", "resembles_other"})


def show_reminders(client: FootfallClient) -> None:
    """What somebody should see to, the pressing things in sight and the rest folded away."""
    kept = st.session_state.get(_REMINDERS_KEY)
    # Every click runs the page again, and comparing all photographs of a large staff takes the server a second.
    if not isinstance(kept, ReminderList) or datetime.now(UTC) - kept.checked_at > _REMINDERS_LAST:
        with api_errors():
            kept = st.session_state[_REMINDERS_KEY] = client.staff_reminders()
    items = kept.items
    if not items:
        return
    pressing = [item for item in items if item.kind in _URGENT]
    label = f"{len(items)} reminders" if len(items) != 1 else "1 reminder"
    with st.expander(label, expanded=bool(pressing), icon=":material/notifications:"):
        for item in items:
            _show_reminder(item)


def show_faces(client: FootfallClient, person: Staff, *, may_remove: bool) -> None:
    with api_errors():
        faces = client.staff_faces(person.staff_id).items
    if not faces:
        st.info("No photograph yet: this person cannot be recognised.", icon=":material/no_photography:")
        return
    columns = st.columns(5)
    for index, face in enumerate(faces):
        with columns[index % 5]:
            caption = f"quality {face.quality.score:.2f} · {face.created_at:%d %b %Y}"
            if face.expires_at is not None:
                ended = face.expires_at <= datetime.now(UTC)
                caption += f" · {'expired' if ended else 'until'} {face.expires_at:%d %b %Y}"
            if face.liveness is not None and face.liveness.verdict != "live":
                caption += f" · liveness: {face.liveness.verdict}"
            show_picture(client, face.image_url, caption=caption)
            if may_remove and st.button("Remove", key=f"remove-{face.face_id}", icon=":material/delete:"):
                with api_errors():
                    client.remove_face(person.staff_id, face.face_id)
                st.session_state.pop(_REMINDERS_KEY, None)
                st.rerun()


def show_consistency(client: FootfallClient, person: Staff) -> None:
    """How well the person's photographs agree; nothing for somebody without any."""
    if not person.faces:
        return
    with api_errors():
        found = client.staff_consistency(person.staff_id)
    if found.score is not None and found.lowest is not None:
        st.caption(
            f"Self-consistency {found.score:.3f}, the mean cosine between this person's photographs; "
            f"the least is {found.lowest:.3f}."
        )
    for number, face in enumerate(found.faces, start=1):
        if face.note is not None:
            st.warning(f"Photograph {number}: {face.note}", icon=":material/image_not_supported:")


def enrol(client: FootfallClient, person: Staff) -> None:
    """Files and the webcam; both end in the same verdicts."""
    st.subheader("Enrol")
    source = st.segmented_control(
        "From", ["Files", "Webcam"], default="Files", key=f"source-{person.staff_id}", label_visibility="collapsed"
    )
    photographs = _from_webcam(person) if source == "Webcam" else _from_files(person)
    if not photographs:
        return
    overrule = _overruled(person)
    if st.button("Enrol", type="primary", icon=":material/add_a_photo:"):
        for batch in _batches(photographs):
            try:
                report = client.enrol_photographs(person.staff_id, batch, overrule=overrule)
            except ApiProblem as error:
                st.error(problem_text(error), icon=":material/block:")
                return
            st.session_state.pop(_REMINDERS_KEY, None)
            for item in report.items:
                _show_result(item)


def _from_files(person: Staff) -> list[tuple[str, bytes]]:
    uploads = st.file_uploader(
        "Photographs to enrol",
        type=IMAGES,
        accept_multiple_files=True,
        key=f"enrol-{person.staff_id}",
        help="One face each, looking at the camera, at least 64 pixels wide. Three that differ a little are best.",
    )
    return [(upload.name, upload.getvalue()) for upload in uploads]


def _from_webcam(person: Staff) -> list[tuple[str, bytes]]:
    shot = st.camera_input(
        f"Take a picture of {person.display_name}",
        key=f"webcam-{person.staff_id}",
        help="The browser asks first. The picture goes to your own server alone.",
    )
    return [] if shot is None else [(shot.name, shot.getvalue())]


def _overruled(person: Staff) -> list[Objection]:
    with st.popover("I know better", icon=":material/gavel:"):
        st.caption("Sets an objection aside for these photographs. It is recorded in the audit log.")
        chosen: list[Objection] = []
        if st.checkbox("It is not the other person whom it resembles (twins)", key=f"twin-{person.staff_id}"):
            chosen.append("already_enrolled_as")
        if st.checkbox(f"It is {person.display_name}, who has changed", key=f"changed-{person.staff_id}"):
            chosen.append("disagrees_with_others")
        return chosen


def _batches(photographs: Sequence[tuple[str, bytes]]) -> Iterator[list[tuple[str, bytes]]]:
    batch: list[tuple[str, bytes]] = []
    for photograph in photographs:
        size = sum(len(data) for _, data in batch)
        if batch and (len(batch) == MAX_PHOTOGRAPHS or size + len(photograph[1]) > _BATCH_BYTES):
            yield batch
            batch = []
        batch.append(photograph)
    if batch:
        yield batch


def _show_result(item: PhotographResult) -> None:
    if item.face is not None:
        agreement = "" if item.agreement is None else f", agreement with the others {item.agreement:.2f}"
        noted = item.liveness is not None and item.liveness.verdict == "spoof"
        show = st.warning if noted else st.success
        show(f"{item.filename}: enrolled, quality {item.face.quality.score:.2f}{agreement}.", icon=":material/check:")
        if noted:
            st.caption(item.reason)
    elif item.verdict == "duplicate_photograph":
        st.info(f"{item.filename}: {item.reason}", icon=":material/content_copy:")
    else:
        verdict = item.verdict.replace("_", " ")
        st.error(f"{item.filename}: {verdict}. {item.reason} {item.hint or ''}".rstrip(), icon=":material/block:")


def _show_reminder(item: Reminder) -> None:
    show = st.warning if item.kind in _URGENT else st.info
    show(item.message, icon=":material/notification_important:" if item.kind in _URGENT else ":material/schedule:")
