"""The application factory: `uvicorn --factory api.main:create_app`. Assembly alone; every part has its own module."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import anyio
from anyio import to_thread
from fastapi import Depends, FastAPI

from api import handlers
from api.auth import authorise
from api.lanes import Lane
from api.metrics import Metrics
from api.middleware import BodyLimit, RequestFrame
from api.openapi import DocumentedApi
from api.routes import (
    calibration,
    cameras,
    corrections,
    customers,
    events,
    health,
    opt_outs,
    reports,
    review_queue,
    sites,
    staff,
    tokens,
    visits,
)
from api.state import ApiState
from api.version import VERSION
from footfall.errors import FootfallError
from footfall.services import Services, open_services
from footfall.settings import Settings, load_settings
from footfall.tokens import SigningKeys

logger = logging.getLogger(__name__)

_DESCRIPTION = (
    "Visitor analytics by face recognition, on the premises. Every error is a problem document (RFC 9457), and every "
    "answer carries an X-Request-ID. Times are ISO 8601 with an offset."
)
_TAGS = [
    {"name": "access", "description": "Sign in, and verify tokens."},
    {"name": "places", "description": "Sites, and the cameras at their entrances."},
    {"name": "staff", "description": "Staff, their photographs, and trying recognition out."},
    {"name": "events", "description": "What workers send."},
    {"name": "customers", "description": "Visitors with an identity, and those who opted out of one."},
    {"name": "corrections", "description": "Putting right who somebody is, and taking that back."},
    {"name": "visits", "description": "Who came, when, and for how long."},
    {"name": "reports", "description": "Traffic by hour and day."},
    {"name": "recognition", "description": "What decisions rest on."},
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
        dependencies=[Depends(authorise)],
        lifespan=_lifespan(chosen, metrics),
    )
    for module in (
        tokens,
        sites,
        cameras,
        staff,
        events,
        visits,
        reports,
        calibration,
        customers,
        corrections,
        review_queue,
        opt_outs,
        health,
    ):
        app.include_router(module.router)
    handlers.install(app)
    app.add_middleware(BodyLimit, max_upload_bytes=chosen.api.max_upload_bytes)
    app.add_middleware(RequestFrame, metrics=metrics)
    return app


def _lifespan(settings: Settings, metrics: Metrics) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        keys = await to_thread.run_sync(SigningKeys.load_or_create, settings.keys_path)
        services = await to_thread.run_sync(open_services, settings)
        api, waiting = settings.api, settings.api.waiting_at_most
        app.state.api = ApiState(
            settings=settings,
            services=services,
            keys=keys,
            metrics=metrics,
            login_lane=Lane("login", at_once=_LOGINS_AT_ONCE, waiting=waiting, metrics=metrics),
            vision_lane=Lane("vision", at_once=api.vision_at_once, waiting=waiting, metrics=metrics),
            event_lane=Lane("events", at_once=api.events_at_once, waiting=waiting, metrics=metrics),
        )
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_prepare, services)
                yield
                tasks.cancel_scope.cancel()
        finally:
            app.state.api = None
            await to_thread.run_sync(services.close)

    return lifespan


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
