select
    tenant_id,
    event_id,
    site_id,
    decision,
    captured_at
from {{ source('footfall', 'face_events') }}
-- A sighting of a person always belongs to a visit.
where visit_id is null
