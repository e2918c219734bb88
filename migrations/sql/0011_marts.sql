-- What the marts of occupancy, cohorts and cameras need beyond 0002. A visit touches the local days that it reaches
-- into, and a customer's first visit tells of all their others: those days are noted with it.
-- dbt may read no JSON, which could hold anything: the one number that it needs has a column of its own.
alter table footfall.face_events
add column quality_score real generated always as (cast(quality ->> 'score' as real)) stored;
grant select (received_at, quality_score) on footfall.face_events to footfall_transform;

-- The first, second and third local day that a visit reaches into; the occupancy counts no visit for longer than that.
create function footfall.note_reach_of_visits(
    tenant_ids uuid[], site_ids uuid[], began_at timestamptz[], ended_at timestamptz[]
) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    perform footfall.note_traffic_change(array_agg(r.tenant_id), array_agg(r.site_id), array_agg(r.reached_at))
    from (
        select
            s.tenant_id,
            s.site_id,
            i.reached_at
        from unnest(tenant_ids, site_ids, began_at, ended_at) as s (tenant_id, site_id, first_at, last_at)
        left join footfall.sites as p on s.tenant_id = p.tenant_id and s.site_id = p.site_id
        cross join lateral (
            values
            (s.first_at),
            (least(s.last_at, s.first_at + interval '24 hours')),
            (least(s.last_at, s.first_at + interval '48 hours'))
        ) as i (reached_at)
        where
            i.reached_at = s.first_at
            or (i.reached_at at time zone p.timezone)::date <> (s.first_at at time zone p.timezone)::date
    ) as r;
end
$$;

-- The later visits of customers whose first one changed: their cohort is another now.
create function footfall.note_cohorts(tenant_ids uuid[], customer_ids uuid[]) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    perform footfall.note_traffic_change(array_agg(v.tenant_id), array_agg(v.site_id), array_agg(v.started_at))
    from (
        select distinct
            g.tenant_id,
            g.customer_id
        from unnest(tenant_ids, customer_ids) as g (tenant_id, customer_id)
    ) as c
    inner join footfall.visits as v on c.tenant_id = v.tenant_id and c.customer_id = v.customer_id;
end
$$;

create or replace function footfall.note_visit_changes() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_op <> 'INSERT' then
        perform footfall.note_reach_of_visits(
            array_agg(tenant_id), array_agg(site_id), array_agg(started_at), array_agg(ended_at)
        )
        from old_rows;
        perform footfall.note_cohorts(array_agg(tenant_id), array_agg(customer_id))
        from old_rows
        where is_first_visit and customer_id is not null
        having count(*) > 0;
    end if;
    if tg_op <> 'DELETE' then
        perform footfall.note_reach_of_visits(
            array_agg(tenant_id), array_agg(site_id), array_agg(started_at), array_agg(ended_at)
        )
        from new_rows;
        perform footfall.note_cohorts(array_agg(tenant_id), array_agg(customer_id))
        from new_rows
        where is_first_visit and customer_id is not null
        having count(*) > 0;
    end if;
    return null;
end
$$;
