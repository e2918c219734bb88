select
    tenant_id,
    event_id,
    site_id,
    camera_id,
    decision,
    captured_at,
    extract(epoch from received_at - captured_at)::double precision as delay_seconds,
    quality_score::double precision as quality_score
from {{ source('footfall', 'face_events') }}
