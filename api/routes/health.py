"""What operators and their tools ask: alive, ready, metrics, and the documentation. Nothing of a tenant."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from api import docs_page
from api.metrics import METRICS_MEDIA_TYPE
from api.openapi import OPENAPI_PATH
from api.state import State
from api.version import VERSION
from contracts.reports import Liveness, Readiness
from footfall.health import check_services

router = APIRouter(tags=["operation"])


@router.get("/healthz", operation_id="getLiveness", summary="Is the process alive?")
async def get_liveness() -> Liveness:
    """Answers without asking any other part."""
    return Liveness(version=VERSION)


@router.get(
    "/readyz",
    operation_id="getReadiness",
    summary="Can the process work?",
    responses={503: {"model": Readiness, "description": "Some part is away; `components` says which."}},
)
def get_readiness(state: State, response: Response) -> Readiness:
    """Asks Postgres, the vector store, the object store and the models."""
    components = check_services(state.services)
    ready = all(component.healthy for component in components)
    if not ready:
        response.status_code = 503
    return Readiness(ready=ready, version=VERSION, components=components)


@router.get(
    "/metrics",
    operation_id="getMetrics",
    summary="Metrics for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Text exposition."}},
)
def get_metrics(state: State) -> Response:
    return Response(state.metrics.render(), media_type=METRICS_MEDIA_TYPE)


@router.get(OPENAPI_PATH, include_in_schema=False)
async def get_openapi_document(request: Request) -> JSONResponse:
    return JSONResponse(request.app.openapi())


@router.get("/docs", include_in_schema=False)
async def get_documentation(request: Request) -> HTMLResponse:
    page = docs_page.render(request.app.openapi(), OPENAPI_PATH)
    return HTMLResponse(page, headers={"Content-Security-Policy": docs_page.CONTENT_SECURITY_POLICY})
