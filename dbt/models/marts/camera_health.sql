{{ config(indexes=[{'columns': ['tenant_id', 'bucket_start']}, {'columns': ['built_at']}]) }}

select
    seen.tenant_id,
    seen.site_id,
    seen.site_name,
    seen.camera_id,
    seen.day_start as bucket_start,
    seen.day_local as bucket_local,
    count(*)::integer as sightings,
    count(*) filter (where seen.decision = 'poor_quality')::integer as poor_quality_sightings,
    count(*) filter (where seen.decision = 'unsure')::integer as unsure_sightings,
    min(seen.happened_at) as first_sighting_at,
    max(seen.happened_at) as last_sighting_at,
    avg(seen.quality_score) as mean_quality_score,
    percentile_cont(0.5) within group (order by seen.delay_seconds) as median_delay_seconds,
    -- Kept in a worker's outbox while the network or the server was away.
    count(*) filter (where seen.delay_seconds > 300)::integer as late_sightings,
    -- A worker whose clock runs ahead.
    count(*) filter (where seen.delay_seconds < -5)::integer as sightings_from_the_future,
    now() as built_at
from {{ ref('int_camera_sightings_local') }} as seen
{{ only_stale_days('seen') }}
group by seen.tenant_id, seen.site_id, seen.site_name, seen.camera_id, seen.day_start, seen.day_local
