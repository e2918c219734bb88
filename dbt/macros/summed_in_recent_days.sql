{#- By site and bucket, the sum of a mart's `column` in the days of a relation `recent` (tenant_id, site_id,
local_date). Day by day through the index of bucket_start: a local day lies within a day of the same date of UTC. -#}
{% macro summed_in_recent_days(mart, column) -%}
select
        recent.tenant_id,
        recent.site_id,
        recent.local_date,
        rows_of_day.bucket_start,
        min(rows_of_day.built_at) as built_at,
        sum(rows_of_day.counted) as counted
    from recent
    cross join lateral (
        select
            mart.bucket_start,
            mart.built_at,
            mart.{{ column }} as counted
        from {{ mart }} as mart
        where
            mart.tenant_id = recent.tenant_id
            and mart.site_id = recent.site_id
            and mart.bucket_start >= (recent.local_date - 1)::timestamp at time zone 'utc'
            and mart.bucket_start < (recent.local_date + 2)::timestamp at time zone 'utc'
            and mart.bucket_local::date = recent.local_date
    ) as rows_of_day
    group by recent.tenant_id, recent.site_id, recent.local_date, rows_of_day.bucket_start
{%- endmacro %}
