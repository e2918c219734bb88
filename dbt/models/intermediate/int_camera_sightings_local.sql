select
    sightings.tenant_id,
    sightings.site_id,
    sightings.camera_id,
    sites.site_name,
    sightings.decision,
    sightings.delay_seconds,
    sightings.quality_score,
    sightings.captured_at as happened_at,
    date_trunc('day', sightings.captured_at, sites.timezone) as day_start,
    date_trunc('day', sightings.captured_at at time zone sites.timezone) as day_local,
    (sightings.captured_at at time zone sites.timezone)::date as local_date
from {{ ref('stg_sightings') }} as sightings
inner join {{ ref('stg_sites') }} as sites
    on sightings.tenant_id = sites.tenant_id and sightings.site_id = sites.site_id
