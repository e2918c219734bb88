"""What is expected of the record: sites, visits, sightings and the notes of changes. Marts have a file of their own."""

from __future__ import annotations

from contracts.expectations.suite import (
    Suite,
    between,
    in_order,
    names_one_row,
    never_empty,
    no_group_where,
    no_row_where,
    one_of,
)

_TWO_DAYS = "now() - interval '2 days'"

RECORD = (
    Suite(
        asset="sites",
        table="footfall.sites",
        columns=("tenant_id", "site_id", "name", "timezone"),
        expected=(
            *never_empty("tenant_id", "site_id", "name", "timezone"),
            names_one_row("tenant_id", "site_id"),
            no_row_where("btrim(name) = ''", "A site has a name."),
            no_row_where(
                "timezone not in (select z.name from pg_timezone_names as z)",
                "The database knows the zone of every site.",
            ),
        ),
    ),
    Suite(
        asset="visits",
        table="footfall.visits",
        columns=(
            *("tenant_id", "visit_id", "site_id", "person_kind", "staff_id", "customer_id", "started_at", "ended_at"),
            *("sightings", "is_first_visit"),
        ),
        # By the index of a visit's beginning.
        latest=f"started_at >= {_TWO_DAYS}",
        expected=(
            *never_empty("tenant_id", "visit_id", "site_id", "started_at", "ended_at", "is_first_visit"),
            names_one_row("tenant_id", "visit_id"),
            one_of("person_kind", "staff", "customer"),
            between("sightings", 1),
            in_order("started_at", "ended_at"),
            no_row_where("staff_id is not null and customer_id is not null", "A visit is of one person at most."),
            no_group_where(
                "tenant_id, customer_id",
                "is_first_visit and customer_id is not null",
                "count(*) > 1",
                "A customer's first visit is one.",
            ),
        ),
    ),
    Suite(
        asset="face_events",
        table="footfall.face_events",
        columns=(
            *("tenant_id", "event_id", "site_id", "camera_id", "captured_at", "received_at", "decision"),
            "quality_score",
        ),
        latest=f"captured_at >= {_TWO_DAYS}",
        expected=(
            *never_empty("tenant_id", "event_id", "site_id", "camera_id", "captured_at", "received_at"),
            names_one_row("tenant_id", "event_id"),
            one_of("decision", "staff", "customer", "new_customer", "unsure", "poor_quality", "stranger", "counted"),
            between("quality_score", 0, 1),
            no_row_where(
                "captured_at > received_at + interval '1 day'", "No sighting is dated a day or more after its arrival."
            ),
        ),
    ),
    Suite(
        asset="traffic_changes",
        table="footfall.traffic_changes",
        columns=("tenant_id", "site_id", "touched_at", "changed_at"),
        latest=f"changed_at >= {_TWO_DAYS}",
        expected=(
            *never_empty("tenant_id", "site_id", "touched_at", "changed_at"),
            no_row_where(
                "isfinite(touched_at) and touched_at <> date_bin('15 minutes', touched_at, 'epoch')",
                "A change is noted by the quarter of an hour.",
            ),
        ),
    ),
)
