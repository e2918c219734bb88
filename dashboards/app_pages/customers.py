"""Customers: profiles, visits and faces; merging, splitting and undoing; and the questions about who is who."""

from __future__ import annotations

from uuid import UUID

import streamlit as st

from client import FootfallClient
from client.errors import ApiProblem
from contracts.corrections import PersonRef, PromoteRequest
from contracts.customers import Sighting
from contracts.records import CustomerProfileV1
from dashboards.customer_record import ask_for_erasure, keep_number
from dashboards.face_pictures import show_picture
from dashboards.identities import COLUMNS, NOTE, corrected, label, named, say, short
from dashboards.opt_outs import opt_outs
from dashboards.review_queue import answer
from dashboards.session import Session, api_errors, problem_text, require_session

_SHOWN_SIGHTINGS = 60


def newest(client: FootfallClient) -> list[CustomerProfileV1]:
    with api_errors():
        return list(client.customers(limit=200).items)


def profile_of(client: FootfallClient, profile: CustomerProfileV1) -> list[Sighting]:
    """Shows the customer and answers the latest sightings."""
    visits, templates, first, last = st.columns(4)
    visits.metric("Visits", profile.visits)
    templates.metric("Templates", profile.templates)
    first.metric("First seen", f"{profile.first_seen_at:%d %b %Y}")
    last.metric("Last seen", f"{profile.last_seen_at:%d %b %Y}")
    with api_errors():
        stays = client.customer_visits(profile.customer_id, limit=100).items
        sightings = list(client.sightings(profile.customer_id, limit=_SHOWN_SIGHTINGS).items)
    st.dataframe(
        [
            {
                "Site": stay.site_name,
                "From": stay.started_at,
                "Until": stay.ended_at,
                "Minutes": round(stay.dwell_seconds / 60, 1),
                "Sightings": stay.sightings,
                "First visit": stay.is_first_visit,
            }
            for stay in stays
        ],
        hide_index=True,
        width="stretch",
    )
    return sightings


def choose_sightings(client: FootfallClient, profile: CustomerProfileV1, sightings: list[Sighting]) -> list[UUID]:
    """The sightings that were ticked."""
    ticked: list[UUID] = []
    columns = st.columns(COLUMNS)
    for number, sighting in enumerate(sightings):
        with columns[number % COLUMNS]:
            if sighting.crop_url is not None:
                show_picture(client, sighting.crop_url)
            else:
                st.caption(":material/no_photography: no image")
            text = f"{sighting.started_at:%d %b %H:%M}" + (" :material/face:" if sighting.in_gallery else "")
            if sighting.liveness is not None and sighting.liveness.verdict != "live":
                text += f" · liveness: {sighting.liveness.verdict}"
            if st.checkbox(text, key=f"pick-{profile.customer_id}-{sighting.event_id}"):
                ticked.append(sighting.event_id)
    return ticked


def correct(client: FootfallClient, profile: CustomerProfileV1, others: list[CustomerProfileV1]) -> None:
    """Merging and promoting the whole customer."""
    merging, promoting, leaving = st.columns(3)
    with merging.container(border=True):
        target = st.selectbox(
            "Is the same person as", [other for other in others if other != profile], format_func=label, index=None
        )
        if st.button("Merge", disabled=target is None, icon=":material/merge:") and target is not None:
            with api_errors():
                done = client.merge_customer(profile.customer_id, target.customer_id)
            corrected(done, f"Merged into {short(target.customer_id)}.")
    with promoting.container(border=True):
        name = st.text_input("Is staff, called", max_chars=200)
        if st.button("Make staff", disabled=not name.strip(), icon=":material/badge:"):
            with api_errors():
                done = client.promote_customer(profile.customer_id, PromoteRequest(display_name=name.strip()))
            corrected(done, f"{name.strip()} is staff now.")
    with leaving.container(border=True):
        consent = st.text_input(
            "Opts out; consent recorded in", max_chars=200, help="The form or letter. The template serves that alone."
        )
        if st.button("Opt out", disabled=not consent.strip(), icon=":material/visibility_off:"):
            with api_errors():
                client.opt_out_customer(profile.customer_id, consent.strip())
            say("Opted out: this face is dropped from now on.")


def take_apart(
    client: FootfallClient, profile: CustomerProfileV1, sightings: list[Sighting], others: list[CustomerProfileV1]
) -> None:
    """Splitting, and detaching or moving single sightings."""
    st.caption("Tick the faces that are somebody else's. :material/face: marks those that recognition goes by.")
    ticked = choose_sightings(client, profile, sightings)
    splitting, detaching = st.columns(2)
    if splitting.button(
        f"Split off {len(ticked)} as another person", disabled=not ticked, icon=":material/call_split:", width="stretch"
    ):
        with api_errors():
            done = client.split_customer(profile.customer_id, ticked)
        corrected(done, f"{len(ticked)} sightings are another visitor's now.")
    if detaching.button(
        f"Not this person: {len(ticked)}", disabled=not ticked, icon=":material/person_off:", width="stretch"
    ):
        with api_errors():
            made = [client.detach_sighting(event_id) for event_id in ticked]
        corrected(made[-1], f"{len(ticked)} sightings are nobody's now.")
    choosing, moving = st.columns(2, vertical_alignment="bottom")
    receivers = _receivers(client, profile, others)
    target = choosing.selectbox("They show", list(receivers), index=None)
    if (
        moving.button(
            f"Move {len(ticked)} there",
            disabled=not ticked or target is None,
            icon=":material/move_item:",
            width="stretch",
        )
        and target is not None
    ):
        with api_errors():
            made = [client.move_sighting(event_id, receivers[target]) for event_id in ticked]
        corrected(made[-1], f"{len(ticked)} sightings moved.")


def _receivers(
    client: FootfallClient, profile: CustomerProfileV1, others: list[CustomerProfileV1]
) -> dict[str, PersonRef]:
    """Whom a sighting may be given to, by what they are called."""
    with api_errors():
        staff = client.staff(limit=500).items
    named_staff = {
        f"{member.display_name} · staff {str(member.staff_id)[:8]}": PersonRef(
            person_kind="staff", person_id=member.staff_id
        )
        for member in staff
    }
    customers = {
        label(other): PersonRef(person_kind="customer", person_id=other.customer_id)
        for other in others
        if other != profile
    }
    return customers | named_staff


def corrections(client: FootfallClient) -> None:
    """The log, each entry with its undo."""
    with api_errors():
        entries = client.corrections(limit=50).items
    if not entries:
        st.info("Nothing has been corrected yet.", icon=":material/history:")
    for entry in entries:
        text, button = st.columns([5, 1])
        state = " · undone" if entry.undone_by else ""
        people = ", ".join(named(person) for person in entry.people)
        text.markdown(
            f"`{str(entry.correction_id)[:8]}` **{entry.kind.replace('_', ' ')}** {entry.at:%d %b %Y %H:%M} · "
            f"{entry.sightings} sightings · {people}{state}"
        )
        if entry.kind == "undo" or entry.undone_by is not None:
            continue
        if button.button("Undo", key=f"undo-{entry.correction_id}", icon=":material/undo:"):
            try:
                client.undo_correction(entry.correction_id)
            except ApiProblem as error:
                st.error(problem_text(error), icon=":material/block:")
            else:
                say("Undone.")


def people_tab(session: Session, everybody: list[CustomerProfileV1]) -> None:
    if not everybody:
        st.info("Nobody has been seen yet, or the tenant does not identify visitors.", icon=":material/group_off:")
        return
    chosen = st.selectbox("Customer", everybody, format_func=label)
    sightings = profile_of(session.client, chosen)
    if session.role != "tenant_admin":
        return
    correct(session.client, chosen, everybody)
    take_apart(session.client, chosen, sightings, everybody)
    with st.expander("Record and erasure", icon=":material/badge:"):
        keep_number(session.client, chosen)
        ask_for_erasure(session.client, chosen)


current = require_session()
st.title("Customers")
note = st.session_state.pop(NOTE, None)
if note is not None:
    st.success(note, icon=":material/check:")
known = newest(current.client)
if current.role != "tenant_admin":
    people_tab(current, known)
    st.stop()
with api_errors():
    questions = current.client.review_queue(limit=50).items
people, queue, history, gone = st.tabs(["People", f"Review ({len(questions)})", "Corrections", "Opted out"])
with people:
    people_tab(current, known)
with queue:
    if not questions:
        st.info("No question is open.", icon=":material/task_alt:")
    for question in questions:
        answer(current.client, question)
with history:
    corrections(current.client)
with gone:
    opt_outs(current.client)
