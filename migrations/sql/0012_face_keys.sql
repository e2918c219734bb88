-- A key for each kept face: docs/adr/a-key-for-each-face.md
-- A face is an enrolled photograph (face_id), a sighting (event_id) or a template of an opt-out (template_id). Its
-- pictures and templates, wherever they lie, are sealed with its key; without the row no copy of them opens.
create table footfall.face_keys (
    tenant_id uuid not null references footfall.tenants (tenant_id),
    face_id uuid not null,
    -- Nonce, key and tag: AES-256-GCM under the installation's master key, which is in no database.
    wrapped bytea not null check (octet_length(wrapped) = 60),
    -- Says which master key, and nothing about it.
    master_id bytea not null check (octet_length(master_id) = 8),
    created_at timestamptz not null default now(),
    primary key (tenant_id, face_id)
)
-- A destroyed key is to leave the table's pages soon, not when a fifth of all keys has gone.
with (autovacuum_vacuum_threshold = 20, autovacuum_vacuum_scale_factor = 0);

alter table footfall.face_keys enable row level security;
alter table footfall.face_keys force row level security;
create policy tenant_isolation on footfall.face_keys
using (tenant_id = footfall.current_tenant())
with check (tenant_id = footfall.current_tenant());
-- Never updated: a face that gets another key has lost what was sealed with the former one.
grant select, insert, delete on footfall.face_keys to footfall_app;
