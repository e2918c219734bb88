-- Undoes 0006_access.sql. Everybody has to sign in again.
drop function footfall.add_tenant(uuid, text, text, text, text, integer);
drop function footfall.tenants_of_platform();
drop trigger access_of_tenants on footfall.tenants;
drop trigger access_of_users on footfall.users;
drop trigger access_of_user_sites on footfall.user_sites;
drop trigger access_of_api_keys on footfall.api_keys;
drop table footfall.refresh_tokens;
drop table footfall.sessions;
drop function footfall.announce_access();
drop index footfall.api_keys_by_creation;
alter table footfall.api_keys
drop constraint api_keys_sites_of_managers,
drop constraint api_keys_previous_ends,
drop column previous_until,
drop column previous_sha256,
drop column created_by,
drop column site_ids,
drop column version;
drop index footfall.users_by_creation;
alter table footfall.users
drop constraint users_system_admins_in_platform,
drop column in_platform,
drop column last_login_at,
drop column version;
revoke update (
    name, privacy_mode, legal_basis, retention_days, status, status_since, version
) on footfall.tenants from footfall_app;
alter table footfall.tenants
drop constraint tenants_platform_stays,
drop constraint tenants_by_platform,
drop column version,
drop column status_since,
drop column status,
drop column platform;
grant update on footfall.tenants to footfall_app;
