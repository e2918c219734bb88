{{ config(materialized='view') }}

{{ summed_by('month') }}
