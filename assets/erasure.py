"""The erasure's assets: what was asked to be forgotten, carried out in every store, and the certificates of what was
proved. The rules are `footfall.erasure`'s.

Annotations are evaluated here: Dagster reads them as they are."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from dagster import (
    AssetExecutionContext,
    Failure,
    MaterializeResult,
    ResourceParam,
    TableMetadataValue,
    asset,
)

from assets.failures import told_plainly
from assets.needs import ERASURE, OWNERS, RETRIES, OpensServices, tagged
from assets.tables import table
from assets.timing import timed
from contracts.erasure import ErasureRequest
from footfall.errors import ConflictError, FootfallError

if TYPE_CHECKING:
    from footfall.operations import OperatorServices


class RefreshesMarts(Protocol):
    """dbt, as far as an erasure needs it."""

    def refresh(self) -> None:
        """Rebuilds the days that changed in every mart. Raises ServiceUnavailableError where that fails."""
        ...


@asset(
    deps=["face_events", "visits", "staff_face_images", "raw_images", "derived_images"],
    group_name=ERASURE,
    owners=OWNERS,
    tags=tagged(holds="people", effect="deletes"),
    kinds={"postgres", "milvus", "s3"},
    retry_policy=RETRIES,
    pool="erasure",
    description="Requests to forget a customer, a staff member, a camera's period or a tenant, erased from rows, keys, "
    "vectors and images, and told to the workers. Each step is remembered: where a run dies, the next goes on.",
)
@timed
def erasure_requests(context: AssetExecutionContext, services: ResourceParam[OpensServices]) -> MaterializeResult[None]:
    with told_plainly(), services.open() as opened:
        done = _carry_out(context, opened, _no_marts_yet, only_erase=True)
    return report_of(done)


@asset(
    deps=[erasure_requests],
    group_name=ERASURE,
    owners=OWNERS,
    tags=tagged(holds="people", effect="deletes"),
    kinds={"postgres", "milvus", "s3", "dbt"},
    retry_policy=RETRIES,
    pool="erasure",
    description="Certificates of erasures: the marts are rebuilt for the days that were touched, every store is read "
    "back, and only where nothing is found a certificate is signed. What waits for a worker or a hold stays open.",
)
@timed
def purge_certificates(
    context: AssetExecutionContext,
    services: ResourceParam[OpensServices],
    dbt: ResourceParam[RefreshesMarts],
) -> MaterializeResult[None]:
    with told_plainly(), services.open() as opened:
        done = _carry_out(context, opened, dbt.refresh, only_erase=False)
    return report_of(done)


def report_of(done: Sequence[ErasureRequest]) -> MaterializeResult[None]:
    """A row a request. Raises Failure where one failed: it stays open, and the next run goes on with it."""
    metadata: dict[str, int | TableMetadataValue] = {
        "dagster/row_count": len(done),
        "completed": sum(each.status == "completed" for each in done),
        "waiting": sum(each.status == "waiting" for each in done),
        "requests": table(
            (
                {
                    "request": str(each.request_id),
                    "of": each.subject_kind,
                    "status": each.status,
                    "steps": ", ".join(f"{step.step} {step.state}" for step in each.steps),
                    "why": each.error or "",
                }
                for each in done
            ),
            words=["request", "of", "status", "steps", "why"],
        ),
    }
    failed = [each for each in done if each.status == "failed"]
    if failed:
        raise Failure(
            description=f"{len(failed)} of {len(done)} erasures failed and stay open: {failed[0].error}",
            metadata=metadata,
        )
    return MaterializeResult(metadata=metadata)


def _carry_out(
    context: AssetExecutionContext, opened: "OperatorServices", refresh: Callable[[], None], *, only_erase: bool
) -> list[ErasureRequest]:
    """One after the other, so that one that fails holds none of the others up. The marts are refreshed once for all."""
    # The stores' clients take seconds to import, which loading the definitions need not pay.
    from footfall.erasure import carry_out  # noqa: PLC0415
    from footfall.erasure_requests import ready_requests  # noqa: PLC0415
    from footfall.gallery import list_tenant_ids  # noqa: PLC0415

    done, fresh = [], False

    def once() -> None:
        nonlocal fresh
        if not fresh:
            refresh()
            fresh = True

    for tenant_id, request in ready_requests(opened.engine, list_tenant_ids(opened.engine)):
        try:
            after = carry_out(
                opened,
                tenant_id,
                request.request_id,
                refresh_marts=once,
                only_erase=only_erase,
                observe=lambda step, phase: context.log.debug("%s: %s", step, phase),
            )
        except ConflictError as error:
            context.log.warning("%s: %s", request.request_id, error.message)
            continue
        context.log.info("%s of a %s is %s", request.request_id, request.subject_kind, after.status)
        done.append(after)
    return done


def _no_marts_yet() -> None:
    raise FootfallError("Marts are rebuilt by the next asset.")
