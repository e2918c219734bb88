"""How pages name people who have no name, and say what was corrected. Nothing is fetched or decided here."""

from __future__ import annotations

from uuid import UUID

import streamlit as st

from contracts.corrections import Correction, PersonRef
from contracts.records import CustomerProfileV1

NOTE = "customers_note"
"""Where the sentence is kept that the page shows once it has been drawn anew."""

COLUMNS = 6
"""Faces in a row."""


def short(person_id: UUID) -> str:
    """A customer's name on pages."""
    return f"Visitor {str(person_id)[:8]}"


def label(profile: CustomerProfileV1) -> str:
    """A customer in a list to choose from."""
    return f"{short(profile.customer_id)} · {profile.visits} visits · last seen {profile.last_seen_at:%d %b %Y %H:%M}"


def named(person: PersonRef) -> str:
    """A customer or a staff member."""
    return short(person.person_id) if person.person_kind == "customer" else f"Staff {str(person.person_id)[:8]}"


def say(note: str) -> None:
    """Draws the page anew, with the sentence over it."""
    st.session_state[NOTE] = note
    st.rerun()


def corrected(done: Correction, said: str) -> None:
    """Says what was done, and by which entry of the log it is undone."""
    say(f"{said} Undo it under Corrections: {str(done.correction_id)[:8]}.")
