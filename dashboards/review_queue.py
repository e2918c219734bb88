"""The questions about who is who, each with its evidence and its two answers. Which are asked is the API's business."""

from __future__ import annotations

import streamlit as st

from client import FootfallClient
from contracts.corrections import Correction, PromoteRequest, ReviewItem
from dashboards.face_pictures import show_picture
from dashboards.identities import COLUMNS, corrected, named
from dashboards.session import api_errors


def answer(client: FootfallClient, item: ReviewItem) -> None:
    """One question with its evidence, and what can be done about it."""
    evidence = item.evidence
    names = " and ".join(named(person) for person in item.people)
    with st.container(border=True):
        if item.kind == "duplicate":
            st.markdown(f"**Are {names} one person?**")
        else:
            st.markdown(f"**Is {names} two people?** {len(evidence.event_ids)} sightings stand apart.")
        once = f" · seen at once by two cameras of a site {evidence.at_once} times" if evidence.at_once else ""
        st.caption(
            f"score {evidence.score:.3f}; match from {evidence.threshold_high:.3f}, doubt from "
            f"{evidence.threshold_low:.3f} ({evidence.threshold_source}) · templates {evidence.templates[0]} and "
            f"{evidence.templates[1]} · sightings {evidence.sightings[0]} and {evidence.sightings[1]}{once}"
        )
        if evidence.crops:
            for column, path in zip(st.columns(COLUMNS), evidence.crops, strict=False):
                with column:
                    show_picture(client, path)
        act, dismiss = st.columns(2)
        if _can_act(item) and act.button(
            "Merge" if item.kind == "duplicate" else "Split", key=f"act-{item.item_id}", type="primary", width="stretch"
        ):
            with api_errors():
                done = _act(client, item)
            corrected(done, "Done.")
        if dismiss.button("Dismiss", key=f"dismiss-{item.item_id}", width="stretch"):
            with api_errors():
                client.dismiss_review_item(item.item_id)
            st.rerun()


def _can_act(item: ReviewItem) -> bool:
    """Two staff members are put right on the staff page, photograph by photograph."""
    return item.kind == "mixture" or any(person.person_kind == "customer" for person in item.people)


def _act(client: FootfallClient, item: ReviewItem) -> Correction:
    first = item.people[0]
    if item.kind == "mixture":
        return client.split_customer(first.person_id, item.evidence.event_ids)
    second = item.people[1]
    if second.person_kind == "staff":
        return client.promote_customer(first.person_id, PromoteRequest(staff_id=second.person_id))
    return client.merge_customer(second.person_id, first.person_id)
