{{ config(
    meta={'rebuilt_by': 'week'}, indexes=[{'columns': ['tenant_id', 'bucket_start']}, {'columns': ['built_at']}]
) }}

with present as (
    select distinct
        visits.tenant_id,
        visits.site_id,
        visits.site_name,
        visits.customer_id,
        date_trunc('week', visits.day_local) as bucket_local
    from {{ ref('int_visits_local') }} as visits
    {{ only_stale_days('visits', 'week') }}
    where visits.person_kind = 'customer'
),

-- Of the visits that are on record: a customer whose earlier ones reached their term belongs to a later cohort.
firsts as (
    select
        present.tenant_id,
        present.site_id,
        present.site_name,
        present.bucket_local,
        date_trunc('week', first_visit.day_local) as cohort_local
    from present
    cross join lateral (
        select visits.day_local
        from {{ ref('int_visits_local') }} as visits
        where
            visits.tenant_id = present.tenant_id
            and visits.customer_id = present.customer_id
        order by visits.happened_at
        limit 1
    ) as first_visit
)

select
    firsts.tenant_id,
    firsts.site_id,
    firsts.site_name,
    firsts.bucket_local at time zone sites.timezone as bucket_start,
    firsts.bucket_local,
    firsts.cohort_local::date as cohort_week,
    (firsts.bucket_local::date - firsts.cohort_local::date) / 7 as weeks_since,
    count(*)::integer as customers,
    now() as built_at
from firsts
inner join {{ ref('stg_sites') }} as sites
    on firsts.tenant_id = sites.tenant_id and firsts.site_id = sites.site_id
group by
    firsts.tenant_id, firsts.site_id, firsts.site_name, sites.timezone, firsts.bucket_local, firsts.cohort_local
