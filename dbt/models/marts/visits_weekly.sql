{{ config(materialized='view') }}

{{ summed_by('week') }}
