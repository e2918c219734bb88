"""Signing in and out, and the tenant that a browser session looks at. What the pages show is not here."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import streamlit as st

from client import FootfallClient
from client.errors import ApiError, ApiProblem, ApiUnavailable
from contracts.base import Role

_KEY = "footfall_session"
# Pages may not import the product's settings; this is the one that they need.
_API_URL = "FOOTFALL_API__URL"


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Session:
    """A signed-in browser session. The password is forgotten once the server has given a refresh token."""

    client: FootfallClient
    tenant_name: str
    email: str
    role: Role

    @property
    def administers(self) -> bool:
        """Whether the tenant's administration is shown; what is allowed the API says."""
        return self.role in {"tenant_admin", "system_admin"}


def api_url() -> str:
    return os.environ.get(_API_URL, "http://127.0.0.1:8000").rstrip("/")


def current_session() -> Session | None:
    session = st.session_state.get(_KEY)
    return session if isinstance(session, Session) else None


def require_session() -> Session:
    """The session, for a page; stops the page with a pointer to the sign-in when there is none."""
    session = current_session()
    if session is None:
        st.info("Sign in first.")
        st.stop()
    return session


def sign_out() -> None:
    session = current_session()
    if session is not None:
        # The browser forgets the session in any case, and the server when it expires.
        with suppress(ApiError):
            session.client.sign_out()
        session.client.close()
    st.session_state.clear()


@contextmanager
def api_errors() -> Iterator[None]:
    """Shows what the API said instead of a traceback, and stops the page."""
    try:
        yield
    except ApiProblem as error:
        if error.problem.status == 401:
            sign_out()
            st.warning("Your session has ended. Reload the page to sign in again.", icon=":material/lock:")
        else:
            st.error(problem_text(error), icon=":material/error:")
        st.stop()
    except ApiUnavailable:
        st.error(
            f"The API at {api_url()} does not answer. Check it with `footfall status`, then reload.",
            icon=":material/cloud_off:",
        )
        st.stop()


@contextmanager
def refused_here() -> Iterator[None]:
    """Shows a refusal where the form stands, and lets the rest of the page be. For everything else as `api_errors`."""
    with api_errors():
        try:
            yield
        except ApiProblem as error:
            if error.problem.status == 401:
                raise
            st.error(problem_text(error), icon=":material/error:")


def succeeded(message: str) -> None:
    """Says so and runs the page again, which then shows what has changed."""
    st.toast(message, icon=":material/check:")
    st.rerun()


def problem_text(error: ApiProblem) -> str:
    hint = f" {error.problem.hint}" if error.problem.hint else ""
    return f"{error.problem.detail}{hint}"


def sign_in_form() -> None:
    """Tenant, e-mail and password; on success the page reloads signed in."""
    _, middle, _ = st.columns([1, 1.2, 1])
    with middle:
        st.title(":material/footprint: Footfall")
        st.caption("Visitor analytics that stays in your building.")
        with st.form("sign-in"):
            tenant = st.text_input("Tenant", placeholder="your-company", autocomplete="organization")
            email = st.text_input("E-mail", autocomplete="username")
            password = st.text_input("Password", type="password", autocomplete="current-password")
            submitted = st.form_submit_button("Sign in", type="primary", width="stretch")
        if not submitted:
            return
        if not (tenant and email and password):
            st.warning("Tenant, e-mail and password are all needed.", icon=":material/edit:")
            return
        _sign_in(tenant.strip().lower(), email.strip().lower(), password)


def _sign_in(tenant: str, email: str, password: str) -> None:
    client = FootfallClient(api_url(), tenant=tenant, email=email, password=password, keep_password=False)
    try:
        identity = client.authenticate()
    except ApiProblem as error:
        client.close()
        refused = error.problem.status in (401, 422)
        st.error(
            "The tenant, e-mail or password is not right." if refused else problem_text(error), icon=":material/lock:"
        )
        return
    except ApiUnavailable:
        client.close()
        st.error(
            f"The API at {api_url()} does not answer. Check it with `footfall status`.", icon=":material/cloud_off:"
        )
        return
    session = Session(client, identity.tenant_name, email, identity.role)
    # A browser tab that is closed never signs out; its connections go when Streamlit forgets the session.
    weakref.finalize(session, client.close)
    st.session_state[_KEY] = session
    st.rerun()
