-- For every year after one in which a pair was allied, the last such earlier year: one row per ordered pair and year.
{{ config(materialized='ephemeral') }}
with alliance_dyad_years as (
    select * from {{ ref('int_alliance_dyad_years') }}
)

select
    cow_code,
    partner_code,
    year as last_allied_year,
    cast(unnest(range(
        year + 1,
        coalesce(
            lead(year) over (partition by cow_code, partner_code order by year), {{ var('dyad_last_year') }}
        ) + 1
    )) as integer) as year
from alliance_dyad_years
