-- Undoes 0001: every table and mart with its rows. Roles go too, unless another database of the server uses them.
set local role footfall_transform;
drop schema marts cascade;
reset role;
drop schema footfall cascade;

do $$
declare
    made text;
begin
    foreach made in array array['footfall_operator', 'footfall_transform', 'footfall_app'] loop
        execute format('revoke all on database %I from %I', current_database(), made);
        if not exists (
            select 1
            from pg_shdepend as d
            inner join pg_roles as r on r.oid = d.refobjid
            where d.refclassid = 'pg_authid'::regclass and r.rolname = made
        ) then
            execute format('drop role if exists %I', made);
        end if;
    end loop;
end
$$;
