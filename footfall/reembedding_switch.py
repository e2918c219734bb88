"""From one served model version to another and back: preparing a candidate, switching to it, giving the former one up.
Templates are brought over by `footfall.reembedding`; why so: docs/adr/a-second-model-version-beside-the-first.md."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from contracts.base import TenantId
from footfall.calibration_background import load_background
from footfall.calibration_gallery import calibrate
from footfall.enrolled_faces import remove_face
from footfall.errors import ConflictError
from footfall.gallery import GalleryRebuild, list_tenant_ids, rebuild_gallery
from footfall.reembedding import OnBatch, complete, coverages, reembed_tenant
from footfall.services import Services
from footfall.serving import Serving, hold_gallery, read_serving, refresh
from footfall.stores.postgres import model_coverage as coverage_table
from footfall.stores.postgres import model_versions as table
from footfall.stores.postgres.model_coverage import Coverage
from footfall.tenancy import tenant_transaction, unbound_transaction

logger = logging.getLogger(__name__)

_PROMOTED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Switched:
    """A switch of the served version. `coverage`: of each tenant, in the version that is served now; who is not in it
    is known in `former` alone, for as long as that is kept."""

    served: str
    former: str
    rebuild: GalleryRebuild
    coverage: Mapping[TenantId, Coverage]


@dataclass(frozen=True, slots=True)
class GivenUp:
    """What removing a version took along: templates that had no twin in the served one, photographs of staff, and
    opt-outs, which are not known any more. `collections` of the vector store."""

    templates: int
    staff_faces: int
    opt_outs: int
    collections: int


def prepare_candidate(services: Services, model_version: str) -> None:
    """Has templates written in `model_version` too, from now on. Doing it again changes nothing.

    Raises ConfigurationError for a version that this machine does not have, whose templates are of another dimension
    or that was never measured, ModelMissingError and ModelCorruptError for its file, ConflictError when it is served
    already or another version stands beside the one served.
    """
    services.vision.opened(model_version)
    load_background(model_version, services.settings.models_path)
    with unbound_transaction(services.engine) as connection:
        table.lock_versions(connection)
        serving = read_serving(connection, services.model_version)
        if serving.served == model_version:
            raise ConflictError(f"{model_version} is served already.")
        companion = serving.companion
        if companion is not None and companion.model_version != model_version:
            raise ConflictError(
                f"{companion.model_version} stands beside {serving.served}, as its {companion.role}; there is room for "
                "one.",
                hint=f"Give it up first: `footfall models retire {companion.model_version}`.",
            )
        if companion is None:
            table.set_role(connection, serving.served, "served")
            table.set_role(connection, model_version, "candidate")
            logger.info("%s is the candidate beside %s.", model_version, serving.served)
        refresh(services, connection)


def pause(services: Services, model_version: str, *, paused: bool) -> None:
    """Holds the re-embedding into the version beside the one served, after the batch at hand, or lets it go on: in
    every process. New templates are written in both versions all the same. Raises ConflictError for another version."""
    with unbound_transaction(services.engine) as connection:
        table.lock_versions(connection)
        _require_companion(read_serving(connection, services.model_version), model_version)
        table.set_paused(connection, model_version, paused=paused)


def serve(services: Services, model_version: str, *, on_batch: OnBatch = lambda _: None) -> Switched:
    """Serves the version beside the one served, for all tenants at one moment: a candidate, or the former one again.

    First what is left is brought over, each tenant is calibrated for the version, and a collection is filled and
    verified; then the galleries are held for the switch of both stores. Events wait for that, and none is refused. The
    version that was served stays beside it, and templates go on being written in both: doing it again goes back.

    Raises ConflictError for a version that is not beside the one served or is paused, ServiceUnavailableError, also for
    a collection that is not what it must be: everything is then as it was.
    """
    with unbound_transaction(services.engine) as connection:
        serving = refresh(services, connection)
        _require_companion(serving, model_version)
    forward = serving.companion is not None and serving.companion.role == "candidate"
    tenant_ids = list_tenant_ids(services.engine)
    for tenant_id in tenant_ids:
        reembed_tenant(services, tenant_id, model_version, on_batch=on_batch)
    _require_complete(coverages(services.engine, tenant_ids, model_version), model_version)
    for tenant_id in tenant_ids:
        calibrate(
            services.engine,
            services.settings.recognition,
            tenant_id,
            model_version,
            models_folder=services.settings.models_path,
        )

    def adopt(connection: Connection) -> None:
        table.lock_versions(connection)
        now = read_serving(connection, services.model_version)
        _require_companion(now, model_version)
        # In this order, for at no moment are two served, nor two beside the one served.
        table.set_role(connection, now.served, "retired")
        table.set_role(connection, model_version, "served")
        table.set_role(connection, now.served, "former" if forward else "candidate")

    rebuilt = rebuild_gallery(
        services.engine, services.vectors, tenant_ids, model_version, limits=services.settings.milvus, adopt=adopt
    )
    with unbound_transaction(services.engine) as connection:
        refresh(services, connection)
    for tenant_id in tenant_ids:  # what came in between without a picture at hand
        reembed_tenant(services, tenant_id, model_version, on_batch=on_batch)
    logger.info("%s is served in place of %s.", model_version, serving.served)
    return Switched(model_version, serving.served, rebuilt, coverages(services.engine, tenant_ids, model_version))


def retire(services: Services, model_version: str, *, give_up: bool = False) -> GivenUp:
    """Removes every template of the version beside the one served, from every store; there is no way back after that.

    A run that was interrupted is finished by another one. `give_up`: also what is known in that version alone, which
    is photographs of staff whose stored pictures cannot be used, and opt-outs; without it they refuse the removal.

    Raises ConflictError for the version served, for an unknown one and for what would be lost, ServiceUnavailableError.
    """
    tenant_ids = list_tenant_ids(services.engine)
    with unbound_transaction(services.engine) as connection:
        table.lock_versions(connection)
        serving = read_serving(connection, services.model_version)
        if model_version == serving.served or model_version not in serving.known:
            raise ConflictError(
                f"{model_version} is {'served' if model_version == serving.served else 'not known here'}.",
                hint="Only the version beside the one served can be removed.",
            )
    if not give_up:
        _require_nothing_lost(services, tenant_ids, model_version, serving)
    with unbound_transaction(services.engine) as connection:
        table.lock_versions(connection)
        table.set_role(connection, model_version, "retired")
        refresh(services, connection)
    removed = [_remove_from(services, tenant_id, model_version, serving.served) for tenant_id in tenant_ids]
    return GivenUp(
        templates=sum(each[0] for each in removed),
        staff_faces=sum(each[1] for each in removed),
        opt_outs=sum(each[2] for each in removed),
        collections=services.vectors.forget(model_version),
    )


def _remove_from(services: Services, tenant_id: TenantId, removed: str, served: str) -> tuple[int, int, int]:
    """How many templates, photographs of staff and opt-outs were lost."""
    promoted = 1
    while promoted:
        with tenant_transaction(services.engine, tenant_id) as connection:
            hold_gallery(connection, services, tenant_id)
            promoted = coverage_table.promote_twins(connection, tenant_id, served, removed, limit=_PROMOTED_AT_ONCE)
    with tenant_transaction(services.engine, tenant_id) as connection:
        lost = coverage_table.select_lost_faces(connection, removed, served)
    for face in lost:
        remove_face(services, tenant_id, face.staff_id, face.face_id, actor=f"model:{served}")
    with tenant_transaction(services.engine, tenant_id) as connection:
        hold_gallery(connection, services, tenant_id)
        opt_outs = coverage_table.count_lost_opt_outs(connection, removed)
        gone = coverage_table.delete_templates_of_version(connection, removed)
        coverage_table.delete_twins(connection, removed)
    if gone:
        services.vectors.delete(tenant_id, gone)
    return len(gone), len(lost), opt_outs


def _require_companion(serving: Serving, model_version: str) -> None:
    companion = serving.companion
    if companion is None or companion.model_version != model_version:
        stands = "nothing stands" if companion is None else f"{companion.model_version} stands"
        raise ConflictError(
            f"{model_version} cannot be served or held: {stands} beside {serving.served}.",
            hint=f"`footfall gallery reembed --to {model_version}` prepares it.",
        )


def _require_complete(found: Mapping[TenantId, Coverage], model_version: str) -> None:
    behind = {tenant_id: each.untried for tenant_id, each in found.items() if not complete(each)}
    if behind:
        raise ConflictError(
            f"{sum(behind.values())} templates of {len(behind)} tenants were not tried in {model_version} yet.",
            hint=f"`footfall gallery reembed --to {model_version} --resume` finishes it.",
        )


def _require_nothing_lost(services: Services, tenant_ids: list[TenantId], model_version: str, serving: Serving) -> None:
    faces = opt_outs = 0
    for tenant_id in tenant_ids:
        with tenant_transaction(services.engine, tenant_id) as connection:
            faces += len(coverage_table.select_lost_faces(connection, model_version, serving.served))
            opt_outs += coverage_table.count_lost_opt_outs(connection, model_version)
    if faces or opt_outs:
        raise ConflictError(
            f"{faces} photographs of staff and {opt_outs} opt-outs are known in {model_version} alone: without it "
            "those photographs are gone, and those who opted out are no longer left alone.",
            hint="Enrol and register them again; or give them up: `footfall models retire --give-up`.",
        )
