"""Cameras and the workers that watch them: how they are, and telling them what to do."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import streamlit as st

from client import FootfallClient
from client.errors import ApiProblem
from contracts.commands import (
    Command,
    CommandPayload,
    RecognitionTest,
    ReloadGallery,
    Snapshot,
    SnapshotResult,
    Start,
    Stop,
)
from contracts.places import Camera
from contracts.workers import Worker, WorkerCreate
from dashboards.camera_rows import (
    ago,
    bytes_text,
    camera_days_frame,
    cameras_frame,
    commands_frame,
    silent_cameras,
)
from dashboards.charts import suppression_text
from dashboards.filters import all_sites
from dashboards.session import api_errors, api_url, problem_text, require_session

REFRESH = "5s"
_SHOWN_COMMANDS = 8
_DAYS_HEIGHT = 320
_STATUS_COLOURS = {"online": "green", "offline": "red", "pending": "gray", "unmanaged": "blue"}


def all_cameras(client: FootfallClient) -> list[Camera]:
    found: list[Camera] = []
    cursor: str | None = None
    while True:
        page = client.cameras(cursor=cursor)
        found.extend(page.items)
        cursor = page.next_cursor
        if cursor is None:
            return found


def all_workers(client: FootfallClient) -> list[Worker]:
    found: list[Worker] = []
    cursor: str | None = None
    while True:
        page = client.workers(cursor=cursor)
        found.extend(page.items)
        cursor = page.next_cursor
        if cursor is None:
            return found


@st.fragment(run_every=REFRESH)
def show_state(client: FootfallClient, sites: dict[UUID, str]) -> None:
    """Reads itself again every few seconds, without the rest of the page."""
    with api_errors():
        cameras, workers = all_cameras(client), all_workers(client)
    now = datetime.now(UTC)
    frame = cameras_frame(cameras, workers, sites, now)
    managed = [worker for worker in workers if worker.status != "unmanaged"]
    online = sum(worker.status == "online" for worker in managed)
    seeing = int(frame["State"].str.endswith("Online").sum())
    outboxes = [worker.outbox for worker in workers if worker.outbox is not None]
    columns = st.columns(4)
    columns[0].metric("Workers online", f"{online} of {len(managed)}", border=True)
    columns[1].metric("Cameras seeing", f"{seeing} of {len(cameras)}", border=True)
    columns[2].metric("Events waiting", sum(outbox.pending for outbox in outboxes), border=True)
    columns[3].metric("Events dropped", sum(outbox.dropped for outbox in outboxes), border=True)
    st.dataframe(
        frame,
        hide_index=True,
        width="stretch",
        column_config={"Frames a second": st.column_config.NumberColumn(format="%.1f")},
    )
    st.caption(f"As of {now:%H:%M:%S} UTC; this table renews itself.")


def show_days(client: FootfallClient, cameras: list[Camera]) -> None:
    """What the cameras delivered, from the marts: it changes by the hour, and is not read again with the state."""
    with api_errors():
        report = client.camera_health()
    if report.as_of is None:
        st.info("What cameras delivered is shown once the marts have been built; Dagster does so by itself.",
                icon=":material/event_upcoming:")  # fmt: skip
        return
    if not report.rows:
        st.caption("No camera saw anyone in the last 30 days.")
        return
    if silent := silent_cameras(report.rows, cameras, report.as_of):
        st.warning(
            f"Saw nobody on their site's latest whole day: {', '.join(silent)}.", icon=":material/visibility_off:"
        )
    st.dataframe(
        camera_days_frame(report.rows),
        hide_index=True,
        width="stretch",
        height=_DAYS_HEIGHT,
        column_config={
            "Day": st.column_config.DateColumn(format="DD.MM.YYYY"),
            "Poor quality": st.column_config.NumberColumn(format="percent", help="Faces under the quality floor."),
            "Unsure": st.column_config.NumberColumn(format="percent", help="Faces between the thresholds."),
            "Quality": st.column_config.NumberColumn(format="%.2f", help="Mean of the faces, 0 to 1."),
            "Delay (s)": st.column_config.NumberColumn(format="%.1f", help="Median, from the face to the server."),
            "Late": st.column_config.NumberColumn(help="Over five minutes on their way."),
            "Clock ahead": st.column_config.NumberColumn(help="From over five seconds in the server's future."),
        },
    )
    st.caption(f"Built {report.as_of:%d %B %Y, %H:%M} UTC; days are each site's own.")
    if report.suppressed:
        st.caption(suppression_text(report.suppressed))


@st.fragment(run_every=REFRESH)
def show_commands(client: FootfallClient, worker: Worker, names: dict[UUID, str], *, with_picture: bool) -> None:
    with api_errors():
        commands = client.commands(worker.worker_id, limit=_SHOWN_COMMANDS).items
    if not commands:
        st.caption("No command was given yet.")
        return
    st.dataframe(commands_frame(commands, names, datetime.now(UTC)), hide_index=True, width="stretch")
    picture = next((one for one in commands if one.has_image), None)
    if picture is not None and with_picture:
        show_picture(client, worker, picture)


def show_picture(client: FootfallClient, worker: Worker, command: Command) -> None:
    # Looking is recorded, so a picture is fetched once and not with every renewal.
    kept = st.session_state.setdefault("snapshot", {})
    if kept.get("command_id") != command.command_id:
        try:
            kept.update(command_id=command.command_id, jpeg=client.command_image(worker.worker_id, command.command_id))
        except ApiProblem as error:
            st.caption(problem_text(error))
            return
    taken = command.result.captured_at if isinstance(command.result, SnapshotResult) else command.created_at
    st.image(kept["jpeg"], caption=f"Taken {ago(taken, datetime.now(UTC))}; masked, and kept for ten minutes.")


def command_buttons(client: FootfallClient, worker: Worker, names: dict[UUID, str]) -> None:
    watched = [camera_id for camera_id in worker.camera_ids if camera_id in names]
    if not watched:
        return
    camera_id = st.selectbox("Camera", watched, format_func=lambda one: names[one], key="command-camera")
    wishes: list[tuple[str, str, CommandPayload]] = [
        ("Snapshot", ":material/photo_camera:", Snapshot(kind="snapshot", camera_id=camera_id)),
        ("Recognition test", ":material/face:", RecognitionTest(kind="recognition-test", camera_id=camera_id)),
        ("Start", ":material/play_arrow:", Start(kind="start", camera_id=camera_id)),
        ("Stop", ":material/pause:", Stop(kind="stop", camera_id=camera_id)),
        ("Reload gallery", ":material/sync:", ReloadGallery(kind="reload-gallery")),
    ]
    for column, (label, icon, command) in zip(st.columns(len(wishes)), wishes, strict=True):
        if column.button(label, icon=icon, width="stretch", key=f"give-{command.kind}"):
            give(client, worker, command, label)


def give(client: FootfallClient, worker: Worker, command: CommandPayload, label: str) -> None:
    try:
        given = client.give_command(worker.worker_id, command)
    except ApiProblem as error:
        st.error(problem_text(error), icon=":material/block:")
        return
    how = "It was told at once." if given.delivery == "direct" else "It hears of it with its next heartbeat."
    st.success(f"{label}: {worker.name} is told. {how}", icon=":material/send:")


def show_worker(worker: Worker, names: dict[UUID, str]) -> None:
    with st.container(border=True):
        left, middle, right = st.columns([2, 2, 3])
        left.markdown(f"**{worker.name}** :{_STATUS_COLOURS[worker.status]}-badge[{worker.status}]")
        left.caption(
            f"heartbeat {ago(worker.last_heartbeat_at, datetime.now(UTC))}, every {worker.heartbeat_seconds} s"
        )
        middle.caption(f"Release {worker.release or '–'}")
        middle.caption(f"Configuration {worker.applied_configuration_version or 0} of {worker.configuration_version}")
        if worker.outbox is not None:
            waiting = f"{worker.outbox.pending} events ({bytes_text(worker.outbox.pending_bytes)}) wait"
            right.caption(f"Outbox: {waiting}, {worker.outbox.dropped} dropped, {worker.outbox.dead} set aside")
        watched = ", ".join(names.get(one, "a camera of another site") for one in worker.camera_ids)
        right.caption(f"Watches {watched or 'no camera'}")


def add_worker(client: FootfallClient, cameras: list[Camera], workers: list[Worker]) -> None:
    taken = {camera_id for worker in workers for camera_id in worker.camera_ids}
    free = [camera for camera in cameras if camera.camera_id not in taken]
    with st.popover("Add a worker", icon=":material/add:", disabled=not free), st.form("add-worker"):
        name = st.text_input("Name", max_chars=64, placeholder="entrance-1")
        chosen = st.multiselect("Cameras", free, format_func=lambda one: one.name)
        if st.form_submit_button("Add", type="primary"):
            if not (name.strip() and chosen):
                st.warning("A name and a camera are needed.")
                return
            try:
                camera_ids = tuple(camera.camera_id for camera in chosen)
                offer = client.create_worker(WorkerCreate(name=name.strip(), camera_ids=camera_ids))
            except (ApiProblem, ValueError) as error:
                st.error(
                    problem_text(error) if isinstance(error, ApiProblem) else "The name has letters that it may not."
                )
                return
            st.session_state["offer"] = offer
            st.rerun()


def show_offer() -> None:
    offer = st.session_state.get("offer")
    if offer is None:
        return
    with st.container(border=True):
        st.markdown(f"**{offer.worker.name}** waits for its daemon. On the camera host, within the hour:")
        st.code(
            f"footfall worker register --url {api_url()} --token-stdin <<< {offer.registration_token}", language="sh"
        )
        st.caption("The token is shown only now, and works once.")
        if st.button("Done", key="offer-done"):
            del st.session_state["offer"]
            st.rerun()


session = require_session()
api = session.client
may_command = session.administers
st.title("Cameras")
with api_errors():
    site_names = {site.site_id: site.name for site in all_sites(api)}
    known_cameras, known_workers = all_cameras(api), all_workers(api)
camera_names = {camera.camera_id: camera.name for camera in known_cameras}
if not known_cameras:
    st.info(
        "There is no camera yet. An administrator makes one with `POST /v1/cameras`.", icon=":material/videocam_off:"
    )
    st.stop()
show_state(api, site_names)

st.subheader("Day by day")
show_days(api, known_cameras)

st.subheader("Workers")
show_offer()
if may_command:
    add_worker(api, known_cameras, known_workers)
if not known_workers:
    st.info("No worker watches a camera yet. Add one, then register its daemon on the camera host.",
            icon=":material/dns:")  # fmt: skip
    st.stop()
for one in known_workers:
    show_worker(one, camera_names)

told = [worker for worker in known_workers if worker.status in {"online", "offline"}]
if told:
    st.subheader("Commands")
    picked = st.selectbox("Worker", told, format_func=lambda worker: worker.name, key="command-worker")
    if may_command:
        command_buttons(api, picked, camera_names)
    show_commands(api, picked, camera_names, with_picture=may_command)
