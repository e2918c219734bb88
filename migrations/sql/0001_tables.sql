-- Every tenant table carries tenant_id and reaches others through it, so that no reference can cross tenants.
create schema footfall;

create table footfall.tenants (
    tenant_id uuid primary key,
    slug text not null unique check (slug ~ '^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$'),
    name text not null,
    privacy_mode text not null default 'count_only'
    check (privacy_mode in ('count_only', 'staff_only', 'identify')),
    legal_basis text,
    retention_days integer check (retention_days between 1 and 3650),
    created_at timestamptz not null default now(),
    -- Identifying strangers needs a recorded basis and a promise of an end first.
    constraint identify_needs_basis
    check (privacy_mode <> 'identify' or (legal_basis is not null and retention_days is not null))
);

create table footfall.sites (
    tenant_id uuid not null references footfall.tenants (tenant_id),
    site_id uuid not null default gen_random_uuid(),
    name text not null,
    timezone text not null,
    visit_gap_minutes integer not null default 30 check (visit_gap_minutes between 1 and 1440),
    created_at timestamptz not null default now(),
    primary key (tenant_id, site_id),
    unique (tenant_id, name)
);

create table footfall.cameras (
    tenant_id uuid not null,
    camera_id uuid not null default gen_random_uuid(),
    site_id uuid not null,
    name text not null,
    enabled boolean not null default true,
    created_at timestamptz not null default now(),
    primary key (tenant_id, camera_id),
    unique (tenant_id, site_id, name),
    foreign key (tenant_id, site_id) references footfall.sites (tenant_id, site_id)
);

create table footfall.users (
    tenant_id uuid not null references footfall.tenants (tenant_id),
    user_id uuid not null default gen_random_uuid(),
    email text not null check (email = lower(email)),
    password_hash text not null,
    role text not null check (role in ('system_admin', 'tenant_admin', 'site_manager')),
    active boolean not null default true,
    created_at timestamptz not null default now(),
    primary key (tenant_id, user_id),
    unique (tenant_id, email)
);

create table footfall.user_sites (
    tenant_id uuid not null,
    user_id uuid not null,
    site_id uuid not null,
    primary key (tenant_id, user_id, site_id),
    foreign key (tenant_id, user_id) references footfall.users (tenant_id, user_id) on delete cascade,
    foreign key (tenant_id, site_id) references footfall.sites (tenant_id, site_id) on delete cascade
);

create table footfall.api_keys (
    tenant_id uuid not null references footfall.tenants (tenant_id),
    key_id uuid not null default gen_random_uuid(),
    name text not null,
    secret_sha256 bytea not null check (octet_length(secret_sha256) = 32),
    role text not null check (role in ('tenant_admin', 'site_manager', 'worker')),
    -- Null: every camera of the tenant.
    camera_ids uuid[],
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz,
    primary key (tenant_id, key_id),
    unique (tenant_id, name)
);

create table footfall.staff (
    tenant_id uuid not null references footfall.tenants (tenant_id),
    staff_id uuid not null default gen_random_uuid(),
    display_name text not null,
    external_ref text,
    created_at timestamptz not null default now(),
    primary key (tenant_id, staff_id),
    unique (tenant_id, external_ref)
);

create table footfall.staff_face_images (
    tenant_id uuid not null,
    face_id uuid not null,
    staff_id uuid not null,
    image_key text not null,
    image_sha256 bytea not null check (octet_length(image_sha256) = 32),
    crop_key text not null,
    box jsonb not null,
    landmarks jsonb not null,
    quality jsonb not null,
    model_version text not null,
    -- 512 little-endian float32, L2 norm 1; the vector store's copy is made from this one.
    embedding bytea not null check (octet_length(embedding) = 2048),
    -- Smaller faces in the photograph that enrolment left out.
    background_faces integer not null default 0 check (background_faces >= 0),
    created_at timestamptz not null default now(),
    primary key (tenant_id, face_id),
    unique (tenant_id, staff_id, image_sha256),
    foreign key (tenant_id, staff_id) references footfall.staff (tenant_id, staff_id) on delete cascade
);

create table footfall.customers (
    tenant_id uuid not null references footfall.tenants (tenant_id),
    customer_id uuid not null,
    first_seen_at timestamptz not null,
    last_seen_at timestamptz not null,
    created_at timestamptz not null default now(),
    primary key (tenant_id, customer_id),
    check (first_seen_at <= last_seen_at)
);

create table footfall.customer_templates (
    tenant_id uuid not null,
    template_id uuid not null,
    customer_id uuid not null,
    event_id uuid not null,
    model_version text not null,
    embedding bytea not null check (octet_length(embedding) = 2048),
    quality_score real not null,
    created_at timestamptz not null default now(),
    primary key (tenant_id, template_id),
    foreign key (tenant_id, customer_id) references footfall.customers (tenant_id, customer_id) on delete cascade
);
create index customer_templates_by_customer on footfall.customer_templates (tenant_id, customer_id);

create table footfall.visits (
    tenant_id uuid not null,
    visit_id uuid not null,
    site_id uuid not null,
    person_kind text not null check (person_kind in ('staff', 'customer')),
    staff_id uuid,
    customer_id uuid,
    started_at timestamptz not null,
    ended_at timestamptz not null,
    sightings integer not null check (sightings > 0),
    camera_ids uuid[] not null,
    is_first_visit boolean not null,
    best_score real,
    updated_at timestamptz not null default now(),
    primary key (tenant_id, visit_id),
    foreign key (tenant_id, site_id) references footfall.sites (tenant_id, site_id),
    foreign key (tenant_id, staff_id) references footfall.staff (tenant_id, staff_id),
    foreign key (tenant_id, customer_id) references footfall.customers (tenant_id, customer_id),
    check (started_at <= ended_at),
    constraint visits_one_person check (
        (person_kind = 'staff' and staff_id is not null and customer_id is null)
        or (person_kind = 'customer' and customer_id is not null and staff_id is null)
    )
);
create index visits_by_time on footfall.visits (tenant_id, started_at desc, visit_id desc);
create index visits_by_site_time on footfall.visits (tenant_id, site_id, started_at desc, visit_id desc);
create index visits_by_staff on footfall.visits (tenant_id, staff_id, site_id, started_at) where staff_id is not null;
create index visits_by_customer on footfall.visits (tenant_id, customer_id, site_id, started_at)
where customer_id is not null;

create table footfall.face_events (
    tenant_id uuid not null,
    event_id uuid not null,
    revision smallint not null default 0,
    site_id uuid not null,
    camera_id uuid not null,
    worker text not null,
    captured_at timestamptz not null,
    started_at timestamptz not null,
    ended_at timestamptz not null,
    frames integer not null check (frames > 0),
    box jsonb not null,
    landmarks jsonb not null,
    quality jsonb not null,
    pipeline jsonb not null,
    model_version text,
    image_key text,
    decision text not null check (
        decision in ('staff', 'customer', 'new_customer', 'unsure', 'poor_quality', 'stranger', 'counted')
    ),
    reason text not null,
    staff_id uuid,
    customer_id uuid,
    score real,
    margin real,
    threshold_low real not null,
    threshold_high real not null,
    threshold_source text not null,
    visit_id uuid,
    received_at timestamptz not null default now(),
    committed_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, event_id),
    foreign key (tenant_id, site_id) references footfall.sites (tenant_id, site_id),
    foreign key (tenant_id, camera_id) references footfall.cameras (tenant_id, camera_id),
    foreign key (tenant_id, staff_id) references footfall.staff (tenant_id, staff_id),
    foreign key (tenant_id, customer_id) references footfall.customers (tenant_id, customer_id),
    foreign key (tenant_id, visit_id) references footfall.visits (tenant_id, visit_id)
    deferrable initially deferred,
    check (started_at <= captured_at and captured_at <= ended_at),
    check (staff_id is null or customer_id is null)
);
create index face_events_by_time on footfall.face_events (tenant_id, site_id, captured_at desc);
create index face_events_by_visit on footfall.face_events (tenant_id, visit_id) where visit_id is not null;
create index face_events_by_staff on footfall.face_events (tenant_id, staff_id) where staff_id is not null;
create index face_events_by_customer on footfall.face_events (tenant_id, customer_id)
where customer_id is not null;

create table footfall.workers (
    tenant_id uuid not null references footfall.tenants (tenant_id),
    worker text not null,
    first_seen_at timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    primary key (tenant_id, worker)
);

create table footfall.audit_log (
    tenant_id uuid not null references footfall.tenants (tenant_id),
    audit_id bigint generated always as identity,
    at timestamptz not null default clock_timestamp(),
    actor text not null,
    action text not null,
    subject_kind text not null,
    subject_id text not null,
    detail jsonb not null default '{}'::jsonb,
    primary key (tenant_id, audit_id)
);
