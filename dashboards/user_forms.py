"""Users on the administration page: the list, adding one, changing one."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import pandas as pd
import streamlit as st
from pydantic import SecretStr

from client import FootfallClient
from contracts.users import User, UserCreate, UserPatch, UserRole
from dashboards.session import api_errors, refused_here, succeeded

_ROLES: Mapping[UserRole, str] = {"site_manager": "Site manager", "tenant_admin": "Administrator"}
_MOST = 500


def users_section(client: FootfallClient) -> None:
    """Everybody who may sign in, and the forms that change them."""
    with api_errors():
        page = client.users(limit=_MOST, sort="email")
        sites = {site.site_id: site.name for site in client.sites(limit=_MOST).items}
    st.dataframe(
        pd.DataFrame(
            [_row(user, sites) for user in page.items],
            columns=["E-mail", "Role", "Sites", "State", "Last sign-in"],
        ),
        hide_index=True,
        width="stretch",
    )
    if page.next_cursor is not None:
        st.caption(f"The first {_MOST} users by e-mail address.")
    _add(client, sites)
    changeable = [user for user in page.items if user.role in _ROLES]
    if changeable:
        _change(client, changeable, sites)


def _row(user: User, sites: Mapping[UUID, str]) -> tuple[str, ...]:
    seen = "never" if user.last_login_at is None else f"{user.last_login_at:%Y-%m-%d %H:%M} UTC"
    of = (
        ", ".join(sorted(sites.get(site, "another") for site in user.site_ids))
        if user.role == "site_manager"
        else "all"
    )
    return user.email, _label(user.role), of or "none", "active" if user.active else "inactive", seen


def _add(client: FootfallClient, sites: Mapping[UUID, str]) -> None:
    with st.expander("Add a user", icon=":material/person_add:"), st.form("add-user", clear_on_submit=False):
        email = st.text_input("E-mail of the new user")
        password = st.text_input(
            "First password", type="password", help="At least 12 characters. They can change it after signing in."
        )
        role = st.selectbox("Role of the new user", list(_ROLES), format_func=_label)
        chosen = st.multiselect("Sites of the new user", list(sites), format_func=lambda site: sites[site])
        if not st.form_submit_button("Add user", type="primary"):
            return
        if len(password) < 12 or "@" not in email:
            st.warning("An e-mail address and a password of 12 characters or more are needed.")
            return
        with refused_here():
            client.create_user(
                UserCreate(
                    email=email,
                    password=SecretStr(password),
                    role=role,
                    site_ids=tuple(chosen) if role == "site_manager" else (),
                )
            )
            succeeded(f"{email} may sign in now.")


def _change(client: FootfallClient, users: list[User], sites: Mapping[UUID, str]) -> None:
    with st.expander("Change a user", icon=":material/manage_accounts:"):
        user = st.selectbox("User", users, format_func=lambda one: one.email)
        with st.form(f"change-user-{user.user_id}-{user.version}"):
            role = st.selectbox("Role", list(_ROLES), index=list(_ROLES).index(user.role), format_func=_label)
            known = [site for site in user.site_ids if site in sites]
            chosen = st.multiselect("Sites", list(sites), default=known, format_func=lambda site: sites[site])
            active = st.toggle("May sign in", value=user.active)
            saved = st.form_submit_button("Save user", type="primary")
        if saved:
            with refused_here():
                wanted = tuple(chosen) if role == "site_manager" else ()
                patch = UserPatch(role=role, site_ids=wanted, active=active)
                client.change_user(user.user_id, patch, version=user.version)
                succeeded(f"{user.email} was changed; what they may do is so at once.")
        sure = st.checkbox(f"Delete {user.email} for good", key=f"sure-{user.user_id}")
        if st.button("Delete user", icon=":material/delete:", disabled=not sure):
            with refused_here():
                client.delete_user(user.user_id)
                succeeded(f"{user.email} was deleted and signed out.")


def _label(role: UserRole) -> str:
    return _ROLES.get(role, role.replace("_", " ").capitalize())
