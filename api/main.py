"""The application factory: `uvicorn --factory api.main:create_app`. Assembly alone; every part has its own module."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import anyio
from anyio import to_thread
from fastapi import Depends, FastAPI
from starlette.routing import WebSocketRoute

from api import handlers, live_socket
from api.client_address import TrustedProxies
from api.gate import gate
from api.idempotency import IdempotentRequests
from api.lanes import Lane
from api.live import LiveHub
from api.live_shutdown import on_stop_signal
from api.login_throttle import LoginThrottle
from api.metrics import Metrics
from api.middleware import BodyLimit, RequestFrame
from api.openapi import DocumentedApi
from api.rate_limits import CounterStore, RateLimits
from api.routes import (
    api_keys,
    audit,
    calibration,
    cameras,
    commands,
    corrections,
    customers,
    erasure_requests,
    events,
    gallery,
    health,
    legal_holds,
    mart_reports,
    opt_outs,
    recognition,
    reports,
    review_queue,
    sites,
    staff,
    stream,
    tenants,
    tokens,
    users,
    visits,
    workers,
)
from api.state import ApiState
from api.upload_room import UploadRoom
from api.verified_tokens import VerifiedTokens
from api.version import VERSION
from footfall.errors import FootfallError, SchemaMissingError, ServiceUnavailableError
from footfall.schema_version import require_schema
from footfall.services import Services, open_services
from footfall.settings import Settings, load_settings
from footfall.signing_keys import KeyWatch
from footfall.standing import Standing
from footfall.stores.postgres.notices import NoticeListener

logger = logging.getLogger(__name__)

_DESCRIPTION = (
    "Visitor analytics by face recognition, on the premises. Every error is a problem document (RFC 9457), and every "
    "answer carries an X-Request-ID. Times are ISO 8601 with an offset."
)
_TAGS = [
    {"name": "access", "description": "Sign in, and verify tokens."},
    {"name": "administration", "description": "Users, API keys and tenants."},
    {"name": "places", "description": "Sites, and the cameras at their entrances."},
    {"name": "staff", "description": "Staff, their photographs, and trying recognition out."},
    {"name": "events", "description": "What workers send."},
    {"name": "customers", "description": "Visitors with an identity, and those who opted out of one."},
    {"name": "corrections", "description": "Putting right who somebody is, and taking that back."},
    {"name": "visits", "description": "Who came, when, and for how long."},
    {"name": "workers", "description": "Camera hosts: their registry, their health, and what they are told to do."},
    {"name": "stream", "description": "What happens, as it happens."},
    {"name": "reports", "description": "Traffic by hour and day."},
    {"name": "recognition", "description": "What decisions rest on."},
    {"name": "audit", "description": "Who did what to which record, from where."},
    {"name": "operation", "description": "Health and metrics."},
]
_LOGINS_AT_ONCE = 2  # each takes 64 MiB of memory and most of a core for its hash
_PREPARE_AGAIN_SECONDS = 2.0
# FastAPI's own telemetry records bodies and exceptions; /metrics says what may be said.
_NO_TELEMETRY: Any = {
    "tracing": False, "metrics": False, "logs": False, "operation_spans": False, "auto_configure": False,
}  # fmt: skip


def create_app(settings: Settings | None = None) -> FastAPI:
    """The API, configured by `settings` or else by the environment. Opens nothing until it is started.

    Raises ConfigurationError, here for what the environment says and at start-up for what the parts say.
    """
    chosen = settings or load_settings()
    metrics = Metrics()
    app = DocumentedApi(
        title="Footfall API",
        version=VERSION,
        description=_DESCRIPTION,
        openapi_tags=_TAGS,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        separate_input_output_schemas=False,
        telemetry=_NO_TELEMETRY,
        dependencies=[Depends(gate)],
        lifespan=_lifespan(chosen, metrics),
    )
    for module in (
        # Routes are tried in their order: what is asked most comes first.
        events,
        visits,
        tokens,
        users,
        api_keys,
        tenants,
        sites,
        cameras,
        staff,
        reports,
        mart_reports,
        calibration,
        recognition,
        customers,
        erasure_requests,
        corrections,
        review_queue,
        opt_outs,
        audit,
        legal_holds,
        workers,
        commands,
        gallery,
        stream,
        health,
    ):
        app.include_router(module.router)
    app.router.routes.append(WebSocketRoute(live_socket.PATH, live_socket.stream_socket, name="streamSocket"))
    handlers.install(app)
    app.add_middleware(IdempotentRequests)
    app.add_middleware(BodyLimit, max_upload_bytes=chosen.api.max_upload_bytes)
    app.add_middleware(RequestFrame, metrics=metrics, proxies=TrustedProxies(chosen.limits.trusted_proxies))
    return app


def _lifespan(settings: Settings, metrics: Metrics) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        keys = await to_thread.run_sync(KeyWatch, settings.keys_path)
        services = await to_thread.run_sync(open_services, settings)
        await to_thread.run_sync(_refuse_another_schema, services)
        standing = Standing(services.engine, believed_seconds=settings.api.standing_seconds)
        counters = CounterStore(settings.limits, failures=metrics.rate_limit_failures)
        api, waiting = settings.api, settings.api.waiting_at_most
        hub = LiveHub(
            services.engine,
            metrics.live,
            at_most=api.streams_at_most,
            per_tenant=api.streams_per_tenant,
            per_caller=api.streams_per_caller,
        )
        dsn = services.engine.url.render_as_string(hide_password=False)
        listener = NoticeListener(dsn, [standing.hearer(), hub.hearer()])
        app.state.api = ApiState(
            settings=settings,
            services=services,
            keys=keys,
            verified=VerifiedTokens(keys, settings),
            standing=standing,
            limits=RateLimits(settings.limits, counters, refused=metrics.rate_limited),
            throttle=LoginThrottle(settings.limits, counters, refused=metrics.rate_limited),
            metrics=metrics,
            login_lane=Lane("login", at_once=_LOGINS_AT_ONCE, waiting=waiting, metrics=metrics),
            vision_lane=Lane("vision", at_once=api.vision_at_once, waiting=waiting, metrics=metrics),
            event_lane=Lane("events", at_once=api.events_at_once, waiting=waiting, metrics=metrics),
            # Nobody waits: each export holds a connection for as long as its caller reads.
            export_lane=Lane("exports", at_once=api.exports_at_once, waiting=0, metrics=metrics),
            uploads=UploadRoom(
                total_bytes=max(api.upload_memory_bytes, api.max_upload_bytes),
                largest_bytes=api.max_upload_bytes,
                held=metrics.upload_bytes,
                refused=metrics.uploads_refused,
            ),
            live=hub,
        )
        listener.start()
        try:
            async with anyio.create_task_group() as tasks, hub.running():
                tasks.start_soon(_prepare, services)
                with on_stop_signal(hub.close):
                    yield
                tasks.cancel_scope.cancel()
        finally:
            app.state.api = None
            await counters.close()
            await to_thread.run_sync(listener.stop)
            await to_thread.run_sync(services.close)

    return lifespan


def _refuse_another_schema(services: Services) -> None:
    """Raises SchemaMismatchError. A Postgres that is away or has no schema yet is for /readyz to tell: that passes."""
    try:
        logger.info("Postgres answers: %s", require_schema(services.engine))
    except (SchemaMissingError, ServiceUnavailableError) as error:
        logger.warning("the schema is not known yet: %s", error.message)


async def _prepare(services: Services) -> None:
    """Makes collection and buckets, as soon as their servers answer: the API may well be up before they are."""
    while True:
        try:
            await to_thread.run_sync(services.prepare)
        except FootfallError as error:
            logger.warning("the stores are not prepared yet: %s", error.message)
            await anyio.sleep(_PREPARE_AGAIN_SECONDS)
        else:
            return
