"""The tenant's privacy mode on the administration page, with what it needs."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from client import FootfallClient
from contracts.base import PrivacyMode
from contracts.tenants import OwnTenantPatch
from dashboards.session import api_errors, refused_here, succeeded

_MODES: Mapping[PrivacyMode, str] = {
    "count_only": "Count only: no template leaves memory",
    "staff_only": "Staff only: strangers are counted, nothing of them is kept",
    "identify": "Identify: visitors are recognised when they come again",
}
_DEFAULT_DAYS = 90


def privacy_section(client: FootfallClient) -> None:
    """The mode in force, and the form that changes it."""
    with api_errors():
        tenant = client.own_tenant()
    st.markdown(f"**{_MODES[tenant.privacy_mode]}**")
    with st.form(f"privacy-{tenant.version}"):
        mode = st.radio(
            "Privacy mode", list(_MODES), index=list(_MODES).index(tenant.privacy_mode), format_func=lambda m: _MODES[m]
        )
        basis = st.text_input(
            "Legal basis",
            value=tenant.legal_basis or "",
            max_chars=200,
            help="Why visitors may be identified, for the record: a consent form, a balancing test. Identify needs it.",
        )
        days = st.number_input(
            "Retention days",
            min_value=0,
            max_value=3650,
            value=tenant.retention_days or (_DEFAULT_DAYS if tenant.privacy_mode == "identify" else 0),
            help="A visitor who stays away this long is forgotten. Identify needs it; 0: no promise.",
        )
        smallest = st.number_input(
            "Smallest count",
            min_value=1,
            max_value=100,
            value=tenant.smallest_count,
            help="Reports leave counts of fewer people out for site managers. 1: they see every count.",
        )
        if not st.form_submit_button("Save privacy mode", type="primary"):
            return
    with refused_here():
        patch = OwnTenantPatch(
            privacy_mode=mode,
            legal_basis=basis.strip() or None,
            retention_days=int(days) if days else None,
            smallest_count=int(smallest),
        )
        client.change_own_tenant(patch, version=tenant.version)
        succeeded("The privacy mode holds from the next face on.")
