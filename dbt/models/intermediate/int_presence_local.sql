-- A visit is inside in every quarter that it reaches into, for two days at most: whoever stays longer is a colleague's
-- desk under a camera, and rebuilding a day must know how far back to look. The notes of changes say the same.
select
    visits.tenant_id,
    visits.site_id,
    visits.site_name,
    visits.person_kind,
    visits.happened_at as began_at,
    quarters.quarter_start as happened_at,
    quarters.quarter_start,
    quarters.quarter_start at time zone sites.timezone as quarter_local,
    (quarters.quarter_start at time zone sites.timezone)::date as local_date
from {{ ref('int_visits_local') }} as visits
inner join {{ ref('stg_sites') }} as sites
    on visits.tenant_id = sites.tenant_id and visits.site_id = sites.site_id
cross join lateral generate_series(
    visits.quarter_start,
    least(visits.ended_at, visits.happened_at + interval '48 hours'),
    interval '15 minutes'
) as quarters (quarter_start)
