"""The router: who is signed in decides which pages there are. Pages live in `app_pages/`."""

from __future__ import annotations

import streamlit as st

from dashboards.session import current_session, sign_in_form, sign_out

st.set_page_config(page_title="Footfall", page_icon=":material/footprint:", layout="wide")

session = current_session()
if session is None:
    sign_in_form()
    st.stop()

administration = st.Page("app_pages/administration.py", title="Administration", icon=":material/admin_panel_settings:")
pages = st.navigation(
    [
        st.Page("app_pages/overview.py", title="Overview", icon=":material/dashboard:", default=True),
        st.Page("app_pages/traffic.py", title="Traffic", icon=":material/bar_chart:"),
        st.Page("app_pages/visits.py", title="Visits", icon=":material/directions_walk:"),
        st.Page("app_pages/recognition.py", title="Recognition", icon=":material/face:"),
        st.Page("app_pages/customers.py", title="Customers", icon=":material/group:"),
        st.Page("app_pages/staff.py", title="Staff", icon=":material/badge:"),
        st.Page("app_pages/cameras.py", title="Cameras", icon=":material/videocam:"),
        *([administration] if session.administers else []),
    ]
)
with st.sidebar:
    st.markdown(f"**{session.tenant_name}**")
    st.caption(f"{session.email} · {session.role.replace('_', ' ')}")
    st.button("Sign out", icon=":material/logout:", on_click=sign_out, width="stretch")
pages.run()
