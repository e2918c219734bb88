-- Undoes the corrections' tables. Corrections that stand can then no longer be undone; merged customers stay merged.
drop table footfall.opt_out_templates;
drop table footfall.opt_outs;
drop table footfall.review_items;
drop table footfall.corrections;
drop table footfall.event_templates;
drop index footfall.customer_templates_by_event;
drop index footfall.customers_by_time;
alter table footfall.customers
drop column merged_into,
drop column staff_id,
drop column retired_by;
