{{ config(indexes=[{'columns': ['tenant_id', 'bucket_start']}, {'columns': ['built_at']}]) }}

{{ traffic_by('quarter') }}
