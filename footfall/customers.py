"""A customer's identity and templates: making one of a stranger, keeping the best few. Rows only; the vector store
follows from what is answered here."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid5

import numpy as np
from sqlalchemy import Connection

from contracts.base import CustomerId, EventId, TemplateId, TenantId
from contracts.events import FaceDetectedV1
from footfall.stores.base import StoredTemplate
from footfall.stores.postgres import customers as table
from footfall.templates import encode_vector
from footfall.vision.types import Float32Array


@dataclass(frozen=True, slots=True)
class TemplateChange:
    """What the vector store must add before the commit, and may forget after it."""

    added: StoredTemplate
    retired: tuple[TemplateId, ...]


def make_customer(
    connection: Connection, tenant_id: TenantId, event: FaceDetectedV1, vector: Float32Array, *, model_version: str
) -> TemplateChange:
    """A new customer with one template. Both ids follow from the event, so that a repetition after a failed write
    overwrites a vector that was left behind instead of adding another."""
    customer_id = CustomerId(uuid5(tenant_id, f"customer:{event.event_id}"))
    table.insert_customer(connection, tenant_id, customer_id, event.track.started_at, event.track.ended_at)
    return TemplateChange(_store(connection, tenant_id, customer_id, event, vector, model_version=model_version), ())


def keep_template(
    connection: Connection,
    tenant_id: TenantId,
    customer_id: CustomerId,
    event: FaceDetectedV1,
    vector: Float32Array,
    *,
    model_version: str,
    most: int,
    anyway: bool = False,
) -> TemplateChange | None:
    """Adds the template of a clearly matched face that is better than the customer's worst, which it replaces once
    there are `most`; None when it is no better, unless it is wanted `anyway`."""
    ranks = table.select_template_ranks(connection, customer_id, model_version)
    # Postgres keeps float32: the same face sent again must not look better than itself.
    if ranks and not anyway and np.float32(event.face.quality.score) <= np.float32(ranks[0].quality_score):
        return None
    retired = tuple(rank.template_id for rank in ranks[: max(0, len(ranks) - most + 1)])
    for template_id in retired:
        table.delete_template(connection, template_id)
    return TemplateChange(
        _store(connection, tenant_id, customer_id, event, vector, model_version=model_version), retired
    )


def _store(
    connection: Connection,
    tenant_id: TenantId,
    customer_id: CustomerId,
    event: FaceDetectedV1,
    vector: Float32Array,
    *,
    model_version: str,
) -> StoredTemplate:
    template_id = TemplateId(uuid5(tenant_id, f"template:{event.event_id}"))
    table.insert_template(
        connection,
        tenant_id,
        table.NewTemplate(
            template_id=template_id,
            customer_id=customer_id,
            event_id=EventId(event.event_id),
            model_version=model_version,
            embedding=encode_vector(vector),
            quality_score=event.face.quality.score,
        ),
    )
    return StoredTemplate(template_id, tenant_id, "customer", customer_id, vector)
