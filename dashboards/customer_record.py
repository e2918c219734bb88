"""What people write on a customer's record, and asking for one to be erased. Who somebody is, is not corrected here."""

from __future__ import annotations

import streamlit as st

from client import FootfallClient
from client.errors import ApiProblem
from contracts.customers import CustomerPatch
from contracts.records import CustomerProfileV1
from dashboards.identities import say, short
from dashboards.session import api_errors, problem_text


def keep_number(client: FootfallClient, profile: CustomerProfileV1) -> None:
    """The company's own number for the visitor."""
    with st.form(f"number-{profile.customer_id}-{profile.version}", border=False):
        number = st.text_input(
            "Customer number", value=profile.external_ref or "", max_chars=200, help="Of a loyalty card, for instance."
        )
        if not st.form_submit_button("Save the number", icon=":material/save:"):
            return
    patch = CustomerPatch(external_ref=number.strip() or None)
    try:
        client.change_customer(profile.customer_id, patch, version=profile.version)
    except ApiProblem as error:
        st.error(problem_text(error), icon=":material/block:")
    else:
        say("The number is kept.")


def ask_for_erasure(client: FootfallClient, profile: CustomerProfileV1) -> None:
    """Records the person's request. Nothing is erased by it, and the page says so."""
    with api_errors():
        known = client.erasure_requests(customer_id=profile.customer_id).items
    for request in known:
        st.info(
            f"Erasure was asked for on {request.requested_at:%d %b %Y} ({request.reference}) and is due by "
            f"{request.due_at:%d %b %Y}. Status: {request.status}.",
            icon=":material/pending_actions:",
        )
    if any(request.status != "completed" for request in known):
        return
    with st.form(f"erase-{profile.customer_id}", clear_on_submit=True):
        st.caption(f"Records that {short(profile.customer_id)} asked to be forgotten. Nothing is erased yet.")
        reference = st.text_input("Where the request is recorded", max_chars=200, placeholder="Letter of 20 Nov 2026")
        sure = st.checkbox("The person has asked for it")
        if not st.form_submit_button("Ask for erasure", icon=":material/delete_forever:"):
            return
    if not reference.strip() or not sure:
        st.warning("Say where the request is recorded, and that the person has asked for it.")
        return
    try:
        client.request_erasure(profile.customer_id, reference.strip())
    except ApiProblem as error:
        st.error(problem_text(error), icon=":material/block:")
    else:
        say("The request is recorded. Nothing is erased yet.")
