"""Faces on a page: fetched from the API as whoever looks, and kept for a minute of clicks. Drawing on pictures is
`dashboards.pictures`'."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import streamlit as st

from client import FootfallClient
from client.errors import ApiProblem
from dashboards.session import api_errors

_KEPT_KEY = "footfall_face_pictures"
_KEPT_FOR = timedelta(minutes=1)
_MOST_KEPT = 100


def show_picture(client: FootfallClient, path: str, *, caption: str | None = None) -> None:
    """The picture that a record names by its path; that there is none, once it has expired or was erased."""
    picture = _fetched(client, path)
    if picture is None:
        st.caption(":material/no_photography: no image")
        if caption is not None:
            st.caption(caption)
        return
    st.image(picture, caption=caption, width="stretch")


def _fetched(client: FootfallClient, path: str) -> bytes | None:
    """Every click runs the page again: what it showed a moment ago is not fetched anew."""
    kept: dict[str, tuple[datetime, bytes | None]] = st.session_state.setdefault(_KEPT_KEY, {})
    now = datetime.now(UTC)
    for old in [name for name, (at, _) in kept.items() if now - at > _KEPT_FOR]:
        del kept[old]
    if path not in kept:
        if len(kept) >= _MOST_KEPT:
            del kept[next(iter(kept))]
        with api_errors():
            try:
                kept[path] = (now, client.picture(path))
            except ApiProblem as refusal:
                if refusal.problem.status != 404:
                    raise
                kept[path] = (now, None)
    return kept[path][1]
