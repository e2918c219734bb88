"""People who opted out: whose, since when, by which consent; registering one by a photograph, and withdrawing."""

from __future__ import annotations

import streamlit as st

from client import FootfallClient
from contracts.corrections import OptOut
from dashboards.identities import say
from dashboards.session import api_errors

_PICTURES = ("jpg", "jpeg", "png", "webp")


def opt_outs(client: FootfallClient) -> None:
    """The whole tab."""
    st.caption(
        "Faces of these people are dropped at once: counted, not identified, no picture kept. Their template is kept "
        "for that alone, with the consent that it rests on."
    )
    with api_errors():
        entries = client.opt_outs(limit=200).items
    if not entries:
        st.info("Nobody has opted out.", icon=":material/visibility:")
    for entry in entries:
        _entry(client, entry)
    _register(client)


def _entry(client: FootfallClient, entry: OptOut) -> None:
    text, button = st.columns([5, 1])
    state = "" if entry.withdrawn_at is None else f" · withdrawn {entry.withdrawn_at:%d %b %Y}"
    if entry.withdrawn_at is None and not entry.active:
        state = " · **not recognised by the served model**: register a photograph again"
    text.markdown(
        f"`{str(entry.opt_out_id)[:8]}` since {entry.created_at:%d %b %Y} · {entry.templates} templates{state}"
    )
    text.text(f"Consent: {entry.consent}")  # as it was written, not as markdown
    if entry.withdrawn_at is None and button.button("Withdraw", key=f"withdraw-{entry.opt_out_id}"):
        with api_errors():
            client.withdraw_opt_out(entry.opt_out_id)
        say("Withdrawn: the template is deleted, and this face is recognised like any other from now on.")


def _register(client: FootfallClient) -> None:
    with st.form("opt-out", clear_on_submit=True):
        picture = st.file_uploader("Photograph of the one person", type=_PICTURES, help="It is not kept.")
        consent = st.text_input("Consent recorded in", max_chars=200, help="The form or letter.")
        sent = st.form_submit_button("Register", icon=":material/visibility_off:")
    if not sent:
        return
    if picture is None or not consent.strip():
        st.warning("A photograph and where the consent is recorded are both needed.", icon=":material/edit:")
        return
    with api_errors():
        client.register_opt_out(picture.getvalue(), consent.strip(), filename=picture.name)
    say("Opted out: this face is dropped from now on.")
