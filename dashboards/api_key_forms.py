"""API keys on the administration page: the list, making one, rotating and revoking. A key is shown once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pandas as pd
import streamlit as st

from client import FootfallClient
from contracts.api_keys import ApiKey, ApiKeyCreate, KeyRole, NewApiKey
from dashboards.session import api_errors, refused_here, succeeded

_ROLES: Mapping[KeyRole, str] = {
    "worker": "Worker: sends from its cameras",
    "site_manager": "Reader: as a site manager",
    "tenant_admin": "Administrator",
}
_MOST = 500
_SHOWN = "administration-new-key"


def api_keys_section(client: FootfallClient) -> None:
    """Every key of the tenant, and the forms that change them."""
    with api_errors():
        page = client.api_keys(limit=_MOST, sort="name")
        cameras = {camera.camera_id: camera.name for camera in client.cameras(limit=_MOST).items}
    _show_new()
    st.dataframe(
        pd.DataFrame(
            [_row(key, cameras) for key in page.items],
            columns=["Name", "Role", "Cameras", "State", "Expires", "Last used"],
        ),
        hide_index=True,
        width="stretch",
    )
    if page.next_cursor is not None:
        st.caption(f"The first {_MOST} keys by name.")
    _make(client, cameras)
    live = [key for key in page.items if key.live]
    if live:
        _change(client, live)


def _show_new() -> None:
    """The key that was just made, until it is put away: nothing else ever shows it."""
    made = st.session_state.get(_SHOWN)
    if not isinstance(made, NewApiKey):
        return
    with st.container(border=True):
        st.markdown(f"**The key {made.name}.** Copy it now: it is shown this once.")
        st.code(made.api_key, language=None)
        if st.button("I have copied it"):
            del st.session_state[_SHOWN]
            st.rerun()


def _row(key: ApiKey, cameras: Mapping[UUID, str]) -> tuple[str, ...]:
    if key.camera_ids is None:
        of = "all"
    else:
        of = ", ".join(sorted(cameras.get(camera, "another") for camera in key.camera_ids)) or "none"
    state = "works" if key.live else ("revoked" if key.revoked_at is not None else "expired")
    used = "never" if key.last_used_at is None else f"{key.last_used_at:%Y-%m-%d %H:%M} UTC"
    expires = "never" if key.expires_at is None else f"{key.expires_at:%Y-%m-%d}"
    return key.name, key.role.replace("_", " "), of, state, expires, used


def _make(client: FootfallClient, cameras: Mapping[UUID, str]) -> None:
    with st.expander("Make an API key", icon=":material/key:"), st.form("make-key"):
        name = st.text_input("What the key is for")
        role = st.selectbox("Role of the key", list(_ROLES), format_func=lambda one: _ROLES[one])
        chosen = st.multiselect(
            "Cameras", list(cameras), format_func=lambda camera: cameras[camera], help="None chosen: every camera."
        )
        days = st.number_input("Days until it expires", min_value=0, max_value=3650, value=365, help="0: never.")
        if not st.form_submit_button("Make key", type="primary"):
            return
        if not name.strip():
            st.warning("Say what the key is for.")
            return
        with refused_here():
            made = client.create_api_key(
                ApiKeyCreate(
                    name=name.strip(),
                    role=role,
                    camera_ids=tuple(chosen) if chosen and role == "worker" else None,
                    expires_at=datetime.now(UTC) + timedelta(days=int(days)) if days else None,
                )
            )
            st.session_state[_SHOWN] = made
            succeeded(f"The key {made.name} was made.")


def _change(client: FootfallClient, keys: list[ApiKey]) -> None:
    with st.expander("Rotate or revoke a key", icon=":material/key_off:"):
        key = st.selectbox("Key", keys, format_func=lambda one: one.name)
        rotate, revoke = st.columns(2)
        if rotate.button("Give it a new secret", help="The one before works on for an hour."):
            with refused_here():
                st.session_state[_SHOWN] = client.rotate_api_key(key.key_id)
                succeeded(f"The key {key.name} has a new secret.")
        sure = revoke.checkbox("For good", key=f"sure-{key.key_id}")
        if revoke.button("Revoke key", icon=":material/block:", disabled=not sure):
            with refused_here():
                client.revoke_api_key(key.key_id)
                succeeded(f"The key {key.name} and its tokens are refused from now on.")
