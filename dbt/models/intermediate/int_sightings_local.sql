select
    sightings.tenant_id,
    sightings.event_id,
    sightings.site_id,
    sites.site_name,
    sightings.captured_at as happened_at,
    {{ local_buckets('sightings.captured_at', 'sites.timezone') }}
from {{ ref('stg_unidentified_sightings') }} as sightings
inner join {{ ref('stg_sites') }} as sites
    on sightings.tenant_id = sites.tenant_id and sightings.site_id = sites.site_id
