"""The staff gallery: people, their enrolled photographs and what these need, and a recognition test."""

from __future__ import annotations

import streamlit as st

from client import FootfallClient
from client.errors import ApiProblem
from contracts.people import Staff, StaffCreate, StaffPatch
from dashboards.enrolment import IMAGES, enrol, show_consistency, show_faces, show_reminders
from dashboards.pictures import with_faces
from dashboards.session import api_errors, problem_text, require_session
from dashboards.staff_days import staff_days_frame

_DAYS_HEIGHT = 320


def add_person(client: FootfallClient) -> None:
    with st.popover("Add a person", icon=":material/person_add:"), st.form("add-staff", clear_on_submit=True):
        name = st.text_input("Name", max_chars=200)
        number = st.text_input("Personnel number", max_chars=200, help="Optional; the company's own.")
        if st.form_submit_button("Add", type="primary"):
            if not name.strip():
                st.warning("A name is needed.")
                return
            with api_errors():
                client.create_staff(StaffCreate(display_name=name.strip(), external_ref=number.strip() or None))
            st.rerun()


def edit_person(client: FootfallClient, person: Staff) -> None:
    """Name and number, of the version that is shown: a colleague who was quicker is not overwritten."""
    with st.form(f"edit-{person.staff_id}-{person.version}"):
        name = st.text_input("Name", value=person.display_name, max_chars=200)
        number = st.text_input("Personnel number", value=person.external_ref or "", max_chars=200)
        if not st.form_submit_button("Save", type="primary", icon=":material/save:"):
            return
    if not name.strip():
        st.warning("A name is needed.")
        return
    patch = StaffPatch(display_name=name.strip(), external_ref=number.strip() or None)
    try:
        client.change_staff(person.staff_id, patch, version=person.version)
    except ApiProblem as error:
        if error.slug != "precondition-failed":
            st.error(problem_text(error), icon=":material/block:")
            return
        st.warning("Somebody else has changed this person meanwhile. Look again, then save.", icon=":material/sync:")
        return
    st.rerun()


def delete_person(client: FootfallClient, person: Staff) -> None:
    st.write(f"Deletes {person.display_name} with every photograph, template and visit.")
    sure = st.checkbox("I am sure", key=f"sure-{person.staff_id}")
    if st.button("Delete", disabled=not sure or not may_change, icon=":material/delete_forever:"):
        with api_errors():
            client.delete_staff(person.staff_id, version=person.version)
        st.rerun()


def everyone(client: FootfallClient) -> list[Staff]:
    people: list[Staff] = []
    cursor: str | None = None
    while True:
        page = client.staff(cursor=cursor)
        people.extend(page.items)
        cursor = page.next_cursor
        if cursor is None:
            return sorted(people, key=lambda one: one.display_name.casefold())


def recognition_test(client: FootfallClient, person: Staff) -> None:
    upload = st.file_uploader("A photograph to try", type=IMAGES, key=f"test-{person.staff_id}")
    if upload is None:
        st.caption("Nothing of it is stored.")
        return
    data = upload.getvalue()
    try:
        result = client.recognition_test(person.staff_id, data, upload.name)
    except ApiProblem as error:
        st.error(problem_text(error), icon=":material/block:")
        return
    if result.matches:
        st.success(f"This is {person.display_name}.", icon=":material/check_circle:")
    else:
        st.warning(f"{person.display_name} was not recognised in it.", icon=":material/person_off:")
    picture, details = st.columns([1, 1])
    picture.image(with_faces(data, result.faces), width="stretch")
    for number, face in enumerate(result.faces, start=1):
        with details.container(border=True):
            score = f" · score {face.decision.score:.3f}" if face.decision.score is not None else ""
            st.markdown(f"**Face {number}: {face.decision.kind.replace('_', ' ')}**{score}")
            st.caption(
                f"{face.decision.reason}; match from {face.decision.threshold_high:.3f} "
                f"({face.decision.threshold_source}); quality {face.quality.score:.2f}"
            )
            if face.liveness is not None:
                said = "" if face.liveness.score is None else f", score {face.liveness.score:.2f}"
                st.caption(f"Liveness: {face.liveness.verdict}{said}. A note, no proof.")
            for candidate in face.candidates[:3]:
                st.progress(
                    max(0.0, candidate.score),
                    text=f"{candidate.display_name or 'Visitor ' + str(candidate.person_id)[:8]} {candidate.score:.3f}",
                )


def show_days(client: FootfallClient) -> None:
    """Of everybody, from the marts; for administrators, for these are single employees' days."""
    st.subheader("Seen, day by day")
    with api_errors():
        report = client.staff_presence()
    if report.as_of is None:
        st.info("When staff were seen is shown once the marts have been built; Dagster does so by itself.",
                icon=":material/event_upcoming:")  # fmt: skip
        return
    if not report.rows:
        st.caption("Nobody of the staff was seen in the last 30 days.")
        return
    st.dataframe(
        staff_days_frame(report.rows),
        hide_index=True,
        width="stretch",
        height=_DAYS_HEIGHT,
        column_config={"Day": st.column_config.DateColumn(format="DD.MM.YYYY")},
    )
    st.caption(
        f"Built {report.as_of:%d %B %Y, %H:%M} UTC; days and times are each site's own. What no camera saw is not in "
        "it, so it is no record of working hours."
    )


session = require_session()
api = session.client
st.title("Staff")
with api_errors():
    people = everyone(api)
may_change = session.role == "tenant_admin"
if may_change:
    add_person(api)
if not people:
    st.info("Nobody is enrolled yet. Add a person, then upload a photograph.", icon=":material/group_add:")
    st.stop()
show_reminders(api)

chosen = st.selectbox(
    "Person",
    people,
    format_func=lambda one: (
        f"{one.display_name} ({one.faces} photographs)" if one.faces != 1 else f"{one.display_name} (1 photograph)"
    ),
)
gallery, trial, edit, danger = st.tabs(["Photographs", "Recognition test", "Edit", "Delete"])
with gallery:
    show_faces(api, chosen, may_remove=may_change)
    show_consistency(api, chosen)
    if may_change:
        enrol(api, chosen)
with trial:
    recognition_test(api, chosen)
with edit:
    if may_change:
        edit_person(api, chosen)
    else:
        st.caption("Your role may not change staff.")
with danger:
    delete_person(api, chosen)
if session.administers:
    show_days(api)
