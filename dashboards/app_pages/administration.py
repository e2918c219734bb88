"""Administration: the tenant's users, API keys, privacy mode and erasures. What each rule is, is the API's."""

from __future__ import annotations

import streamlit as st

from dashboards.api_key_forms import api_keys_section
from dashboards.erasures import erasures_section
from dashboards.privacy_form import privacy_section
from dashboards.session import require_session
from dashboards.user_forms import users_section

session = require_session()
st.title("Administration")

if not session.administers:
    st.info("Users, API keys, the privacy mode and erasures are for administrators.", icon=":material/lock:")
    st.stop()

users, keys, privacy, erasures = st.tabs(["Users", "API keys", "Privacy", "Erasure"])
with users:
    users_section(session.client)
with keys:
    api_keys_section(session.client)
with privacy:
    privacy_section(session.client)
with erasures:
    erasures_section(session.client)
