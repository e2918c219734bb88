"""Erasure on the administration page: what was asked for, how far it has come, and the certificates. It asks the API
alone, and says that something is erased where a certificate says so."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from client import FootfallClient
from contracts.erasure import ErasureKind, ErasureRequest, ErasureStatus, ErasureStep
from dashboards.session import api_errors

_MOST = 200
_SUBJECTS: Mapping[ErasureKind, str] = {
    "customer": "A customer",
    "staff": "A staff member",
    "camera": "What a camera saw",
    "tenant": "The whole tenant",
}
_STATES: Mapping[ErasureStatus, str] = {
    "open": "Asked for",
    "running": "Under way",
    "waiting": "Waiting",
    "failed": "Failed; will be tried again",
    "completed": "Erased and proven",
    "withdrawn": "Taken back",
}
_STEP_MARKS = {"pending": "○", "running": "◐", "waiting": "◷", "failed": "✕", "done": "●"}


def erasures_section(client: FootfallClient) -> None:
    """The newest requests, and one of them step by step."""
    st.caption(
        "A request is made on a customer's record, or with `footfall purge request`. It is complete when every store "
        "was read back and nothing was found: then there is a signed certificate, which `footfall purge verify` "
        "checks offline."
    )
    with api_errors():
        page = client.erasure_requests(limit=_MOST, sort="-requested_at")
    if not page.items:
        st.info("Nobody has asked for anything to be erased.", icon=":material/delete_sweep:")
        return
    st.dataframe(
        pd.DataFrame(
            [_row(request) for request in page.items],
            columns=["Asked for", "Subject", "Reference", "State", "Due", "Proven"],
        ),
        hide_index=True,
        width="stretch",
        column_config={
            name: st.column_config.DatetimeColumn(format="DD.MM.YYYY HH:mm") for name in ("Asked for", "Due", "Proven")
        },
    )
    if page.next_cursor is not None:
        st.caption(f"The newest {_MOST} requests.")
    chosen = st.selectbox("Request", page.items, format_func=_title)
    with api_errors():
        request = client.erasure_request(chosen.request_id)
    _detail(client, request)


def _row(request: ErasureRequest) -> tuple[object, ...]:
    return (
        request.requested_at,
        _SUBJECTS[request.subject_kind],
        request.reference,
        _STATES[request.status],
        request.due_at,
        request.completed_at,
    )


def _title(request: ErasureRequest) -> str:
    return f"{_SUBJECTS[request.subject_kind]}, {request.requested_at:%d %b %Y %H:%M} UTC · {request.reference}"


def _detail(client: FootfallClient, request: ErasureRequest) -> None:
    if request.error is not None:
        st.warning(request.error, icon=":material/schedule:")
    if request.steps:
        st.dataframe(
            pd.DataFrame(
                [_step_row(step) for step in request.steps], columns=["", "Step", "State", "What", "Tries", "Why"]
            ),
            hide_index=True,
            width="stretch",
            column_config={
                "": st.column_config.Column(width=30),
                "Step": st.column_config.Column(width=80),
                "State": st.column_config.Column(width=80),
                "What": st.column_config.Column(width=420),
                "Tries": st.column_config.Column(width=60),
            },
        )
    else:
        st.caption("No step has begun yet.")
    if request.status == "completed":
        _certificate(client, request)


def _step_row(step: ErasureStep) -> tuple[object, ...]:
    what = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in step.counts.items() if count)
    return _STEP_MARKS[step.state], step.step.capitalize(), step.state, what, step.attempts, step.error or ""


def _certificate(client: FootfallClient, request: ErasureRequest) -> None:
    with api_errors():
        signed = client.purge_certificate(request.request_id)
    proofs = signed.certificate.stores
    st.success(
        f"Read back on {signed.certificate.verified_at:%d %b %Y at %H:%M} UTC in {len(proofs)} stores: nothing was "
        f"found. Signed with the key {signed.certificate.key_thumbprint[:12]}…",
        icon=":material/verified:",
    )
    st.download_button(
        "Download the certificate",
        signed.model_dump_json(indent=2),
        file_name=f"purge-certificate-{signed.certificate.certificate_id}.json",
        mime="application/json",
        icon=":material/download:",
    )
