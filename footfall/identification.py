"""What is made of an admitted face under the tenant's privacy mode: the decision, and the customer or template that it
brings about. Visits and events are filed elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from contracts.base import CustomerId, PrivacyMode, TenantId
from contracts.events import FaceDetectedV1
from contracts.people import Decision, DecisionKind
from footfall.admission import NO_EMBEDDING, Probe
from footfall.calibration_policy import policy_of
from footfall.customers import TemplateChange, keep_template, make_customer
from footfall.matching import MatchPolicy
from footfall.recognition import describe, recognise
from footfall.reembedding_events import known_before, opted_out, wants_twin
from footfall.services import Services
from footfall.serving import SecondLook
from footfall.stores.postgres import customers as table

NOT_KNOWN_TO_THE_WORKER = "the worker does not know the face for staff, and sent no template"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`keep`: whether the face's picture and particulars may be stored. `change`: what it does to the gallery."""

    decision: Decision
    keep: bool
    change: TemplateChange | None = None


def identify(
    connection: Connection,
    services: Services,
    tenant_id: TenantId,
    event: FaceDetectedV1,
    probe: Probe,
    *,
    privacy_mode: PrivacyMode,
    look: SecondLook | None = None,
) -> Outcome:
    """Decides and writes the customer's rows. The caller holds the tenant's gallery, from before the search until the
    commit: otherwise two cameras would each make a customer of one stranger.

    count_only: everybody is counted. staff_only: staff are known, and of anybody else nothing is kept. identify: a
    stranger over the quality floor becomes a customer; an unsure face stays anonymous, for making it a customer would
    count one person twice. Somebody who opted out is counted and nothing else. `look`: the face in the other model
    version, where there are two; a stranger may be somebody who is known in the former one alone.
    """
    if privacy_mode == "count_only":
        return Outcome(_without_search("counted", probe.flaw, services.policy), keep=False)
    policy = policy_of(connection, services, tenant_id, staff_only=privacy_mode == "staff_only")
    if probe.vector is None:
        return _unmatched(probe, policy, privacy_mode)
    recognition = recognise(
        connection,
        services,
        tenant_id,
        probe.vector[np.newaxis],
        policy,
        staff_only=privacy_mode == "staff_only",
    )[0]
    found = recognition.decision
    decision = describe(found, policy)
    staff_only = privacy_mode == "staff_only"
    if not staff_only and opted_out(connection, services, tenant_id, probe.vector, look, policy=policy, decision=found):
        # Not even a score: who it was is what must not be kept.
        return Outcome(_without_search("counted", "not identified", policy), keep=False)
    if decision.kind == "stranger":
        before = known_before(connection, services, tenant_id, look, staff_only=staff_only)
        decision = decision if before is None else describe(*before)
    if staff_only:
        return Outcome(decision, keep=decision.kind == "staff")
    if decision.kind == "stranger":
        change = make_customer(connection, tenant_id, event, probe.vector, model_version=services.model_version)
        newcomer = {"kind": "new_customer", "person_kind": "customer", "person_id": change.added.person_id}
        return Outcome(decision.model_copy(update=newcomer), keep=True, change=change)
    better: TemplateChange | None = None
    if decision.kind == "customer" and decision.person_id is not None:
        customer_id = CustomerId(decision.person_id)
        table.widen_seen(connection, customer_id, event.track.started_at, event.track.ended_at)
        better = keep_template(
            connection,
            tenant_id,
            customer_id,
            event,
            probe.vector,
            model_version=services.model_version,
            most=services.settings.recognition.max_templates_per_customer,
            anyway=wants_twin(connection, customer_id, look),
        )
    return Outcome(decision, keep=True, change=better)


def _unmatched(probe: Probe, policy: MatchPolicy, privacy_mode: PrivacyMode) -> Outcome:
    """Of a face that cannot be compared."""
    if privacy_mode == "staff_only" and probe.flaw == NO_EMBEDDING:
        # Good enough to be matched: a worker sends the template of nobody whom it does not know for staff.
        return Outcome(_without_search("stranger", NOT_KNOWN_TO_THE_WORKER, policy), keep=False)
    return Outcome(_without_search("poor_quality", probe.flaw, policy), keep=privacy_mode == "identify")


def _without_search(kind: DecisionKind, reason: str, policy: MatchPolicy) -> Decision:
    return Decision(
        kind=kind,
        reason=reason,
        threshold_low=policy.threshold_low,
        threshold_high=policy.threshold_high,
        threshold_source=policy.source,
    )
