{{ config(materialized='view') }}

-- Every day from a site's first to its latest, for a day without anybody is a day that must be seen.
with spans as (
    select
        tenant_id,
        site_id,
        min(bucket_local) as first_day,
        max(bucket_local) as last_day,
        max(built_at) as built_at
    from {{ ref('visits_daily') }}
    group by tenant_id, site_id
),

days as (
    select
        spans.tenant_id,
        spans.site_id,
        sites.name as site_name,
        calendar.day at time zone sites.timezone as bucket_start,
        calendar.day as bucket_local,
        coalesce(counted.visitor_visits, 0) as visitor_visits,
        coalesce(counted.new_visitors, 0) as new_visitors,
        coalesce(counted.returning_visitors, 0) as returning_visitors,
        spans.built_at
    from spans
    inner join {{ source('footfall', 'sites') }} as sites
        on spans.tenant_id = sites.tenant_id and spans.site_id = sites.site_id
    cross join lateral generate_series(spans.first_day, spans.last_day, interval '1 day') as calendar (day)
    left join {{ ref('visits_daily') }} as counted
        on
            spans.tenant_id = counted.tenant_id
            and spans.site_id = counted.site_id
            and calendar.day = counted.bucket_local
),

beside as (
    select
        days.*,
        lag(days.visitor_visits) over weekday as visitor_visits_week_before,
        count(*) over eight_weeks as weeks_of_comparison,
        avg(days.visitor_visits) over eight_weeks as usual_visits
    from days
    window
        weekday as (
            partition by days.tenant_id, days.site_id, extract(isodow from days.bucket_local)
            order by days.bucket_local
        ),
        eight_weeks as (
            partition by days.tenant_id, days.site_id, extract(isodow from days.bucket_local)
            order by days.bucket_local
            rows between 8 preceding and 1 preceding
        )
)

select
    tenant_id,
    site_id,
    site_name,
    bucket_start,
    bucket_local,
    visitor_visits,
    new_visitors,
    returning_visitors,
    returning_visitors::double precision / nullif(visitor_visits, 0) as returning_share,
    visitor_visits_week_before,
    (visitor_visits - visitor_visits_week_before)::double precision / nullif(visitor_visits_week_before, 0)
        as week_over_week,
    usual_visits::double precision as usual_visits,
    -- Counts of independent arrivals scatter by the square root of their mean (Poisson); people come in groups, so
    -- twice that is the unit. Four weeks are the least that can say what is usual; a day that is not over says nothing.
    case
        when weeks_of_comparison < 4 or bucket_start + interval '26 hours' > built_at then null
        when visitor_visits > usual_visits + 3 * 2 * sqrt(greatest(usual_visits, 1)) then 'high'
        when visitor_visits < usual_visits - 3 * 2 * sqrt(greatest(usual_visits, 1)) then 'low'
    end as anomaly,
    built_at
from beside
