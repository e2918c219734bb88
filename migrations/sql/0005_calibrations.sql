-- Thresholds of a tenant and model version, with all that they rest on: docs/adr/thresholds-for-the-gallerys-size.md.
create table footfall.calibrations (
    tenant_id uuid not null references footfall.tenants (tenant_id),
    calibration_id uuid not null default gen_random_uuid(),
    model_version text not null,
    source text not null,
    target_fpir double precision not null check (target_fpir > 0 and target_fpir < 1),
    unsure_fpir double precision not null check (unsure_fpir >= target_fpir and unsure_fpir < 1),
    gallery_people integer not null check (gallery_people >= 0),
    -- What the gallery is worth in people with one template.
    gallery_size double precision not null check (gallery_size >= 0),
    own_people integer not null check (own_people >= 0),
    own_pairs bigint not null check (own_pairs >= 0),
    genuine_pairs bigint not null check (genuine_pairs >= 0),
    own_weight double precision not null check (own_weight between 0 and 1),
    threshold_low double precision not null check (threshold_low between -1 and 1),
    threshold_low_interval double precision[] not null check (cardinality(threshold_low_interval) = 2),
    threshold_high double precision not null check (threshold_high between -1 and 1),
    threshold_high_interval double precision[] not null check (cardinality(threshold_high_interval) = 2),
    -- Score statistics: histograms and the tail with its replicates. No template, no id of a person.
    document jsonb not null,
    created_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, calibration_id),
    check (threshold_low <= threshold_high)
);
create index calibrations_latest on footfall.calibrations (tenant_id, model_version, created_at desc);

alter table footfall.calibrations enable row level security;
alter table footfall.calibrations force row level security;
create policy tenant_isolation on footfall.calibrations
using (tenant_id = footfall.current_tenant()) with check (tenant_id = footfall.current_tenant());
grant select, insert, delete on footfall.calibrations to footfall_app;
